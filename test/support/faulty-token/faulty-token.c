/*
 * A PKCS#11 module for tests: passes every call of PKCS#11 2.40 on to a real module and misbehaves as a script
 * tells it to. Everything stands in the folder that this library lies in:
 *
 *   module    path of the real module, one line
 *   script    what goes wrong; may be rewritten while programs run, and holds from the next call on
 *   log       one line for each call: see `record`
 *   counters  how often each rule has matched, over all processes
 *
 * A line of the script is `rule KEY=VALUE…`, `slots KEY=VALUE…` or `pin tries=N`; see `read_line`. The rules are
 * written and the log is read by ../faulty-token.ts, which says what each key means.
 *
 * All arguments of PKCS#11 are integers or pointers, which the calling conventions of Linux on 64-bit machines
 * pass in the same way as `unsigned long`; so one forwarder by number of arguments does for all functions.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef unsigned long word;
_Static_assert(sizeof(word) == sizeof(void *), "arguments are passed on as words");

#define CKR_OK 0x0UL
#define CKR_SLOT_ID_INVALID 0x3UL
#define CKR_GENERAL_ERROR 0x5UL
#define CKR_DEVICE_REMOVED 0x32UL
#define CKR_PIN_INCORRECT 0xA0UL
#define CKR_PIN_LOCKED 0xA4UL
#define CKR_TOKEN_NOT_PRESENT 0xE0UL
#define CKR_BUFFER_TOO_SMALL 0x150UL
#define CKA_ID 0x102UL
#define CKF_USER_PIN_COUNT_LOW 0x10000UL
#define CKF_USER_PIN_FINAL_TRY 0x20000UL
#define CKF_USER_PIN_LOCKED 0x40000UL

/* Every function in the order of CK_FUNCTION_LIST, with its number of arguments. */
#define FUNCTIONS(X)                                                                                              \
  X(C_Initialize, 1) X(C_Finalize, 1) X(C_GetInfo, 1) X(C_GetFunctionList, 1) X(C_GetSlotList, 3)                 \
  X(C_GetSlotInfo, 2) X(C_GetTokenInfo, 2) X(C_GetMechanismList, 3) X(C_GetMechanismInfo, 3) X(C_InitToken, 4)    \
  X(C_InitPIN, 3) X(C_SetPIN, 5) X(C_OpenSession, 5) X(C_CloseSession, 1) X(C_CloseAllSessions, 1)                \
  X(C_GetSessionInfo, 2) X(C_GetOperationState, 3) X(C_SetOperationState, 5) X(C_Login, 4) X(C_Logout, 1)         \
  X(C_CreateObject, 4) X(C_CopyObject, 5) X(C_DestroyObject, 2) X(C_GetObjectSize, 3) X(C_GetAttributeValue, 4)   \
  X(C_SetAttributeValue, 4) X(C_FindObjectsInit, 3) X(C_FindObjects, 4) X(C_FindObjectsFinal, 1)                  \
  X(C_EncryptInit, 3) X(C_Encrypt, 5) X(C_EncryptUpdate, 5) X(C_EncryptFinal, 3) X(C_DecryptInit, 3)              \
  X(C_Decrypt, 5) X(C_DecryptUpdate, 5) X(C_DecryptFinal, 3) X(C_DigestInit, 2) X(C_Digest, 5)                    \
  X(C_DigestUpdate, 3) X(C_DigestKey, 2) X(C_DigestFinal, 3) X(C_SignInit, 3) X(C_Sign, 5) X(C_SignUpdate, 3)     \
  X(C_SignFinal, 3) X(C_SignRecoverInit, 3) X(C_SignRecover, 5) X(C_VerifyInit, 3) X(C_Verify, 5)                 \
  X(C_VerifyUpdate, 3) X(C_VerifyFinal, 3) X(C_VerifyRecoverInit, 3) X(C_VerifyRecover, 5)                        \
  X(C_DigestEncryptUpdate, 5) X(C_DecryptDigestUpdate, 5) X(C_SignEncryptUpdate, 5) X(C_DecryptVerifyUpdate, 5)   \
  X(C_GenerateKey, 5) X(C_GenerateKeyPair, 8) X(C_WrapKey, 6) X(C_UnwrapKey, 8) X(C_DeriveKey, 6)                 \
  X(C_SeedRandom, 3) X(C_GenerateRandom, 3) X(C_GetFunctionStatus, 1) X(C_CancelFunction, 1)                      \
  X(C_WaitForSlotEvent, 3)

#define AS_INDEX(name, n) name##_index,
enum function { FUNCTIONS(AS_INDEX) function_count };
#define AS_NAME(name, n) #name,
static const char *const names[] = {FUNCTIONS(AS_NAME)};
#define AS_ARITY(name, n) n,
static const int arity[] = {FUNCTIONS(AS_ARITY)};

struct function_list {
  unsigned char version[2];
  void *functions[function_count];
};

/* --- the script ------------------------------------------------------------------------------------------- */

enum until { UNTIL_NEXT_CALL, UNTIL_SESSION_CLOSED, UNTIL_FINALIZE, UNTIL_PROCESS_ENDS };
enum deed { DEED_NONE, DEED_ABORT, DEED_SEGFAULT, DEED_EXIT, DEED_LOGOUT, DEED_CLOSE_SESSIONS };

struct rule {
  word id, function, from, times, delay_ms, code, flip, truncate;
  int is_per_process, is_after;
  enum until until;
  enum deed deed;
};

#define MOST_RULES 64
#define MOST_IDS 4096
#define MOST_SESSIONS 1024

static struct {
  struct rule rules[MOST_RULES];
  int rule_count;
  word slot_shift, pin_tries;
  int has_twin, is_absent;
} script;

/* Counters shared by all processes; the first one counts wrong PINs, the others matches of the rule with that id. */
static _Atomic(word) *counters;
static word own_counters[MOST_IDS];

/* A fault that lasts: what it answers, and for which session (UNTIL_SESSION_CLOSED). */
static struct { enum until until; word code; } lasting;
static struct { word handle, code; unsigned char key_id[64]; word key_id_length; } sessions[MOST_SESSIONS];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct function_list *real;
static char folder[4000];
static int log_file = -1;
static struct stat script_state;

static void path_of(const char *name, char *path, size_t size) { snprintf(path, size, "%s/%s", folder, name); }

static enum until until_of(const char *value) {
  if (strcmp(value, "session-closed") == 0) return UNTIL_SESSION_CLOSED;
  if (strcmp(value, "finalize") == 0) return UNTIL_FINALIZE;
  if (strcmp(value, "process-ends") == 0) return UNTIL_PROCESS_ENDS;
  return UNTIL_NEXT_CALL;
}

static enum deed deed_of(const char *value) {
  static const char *const deeds[] = {"none", "abort", "segfault", "exit", "logout", "close-sessions"};
  for (int i = 0; i < 6; i++)
    if (strcmp(value, deeds[i]) == 0) return (enum deed)i;
  return DEED_NONE;
}

static word function_of(const char *name) {
  for (word i = 0; i < function_count; i++)
    if (strcmp(names[i], name) == 0) return i;
  return function_count; /* every function */
}

static void set_rule(struct rule *rule, const char *key, const char *value) {
  word number = strtoul(value, NULL, 0);
  if (strcmp(key, "id") == 0) rule->id = number % MOST_IDS;
  else if (strcmp(key, "call") == 0) rule->function = function_of(value);
  else if (strcmp(key, "from") == 0) rule->from = number;
  else if (strcmp(key, "times") == 0) rule->times = number;
  else if (strcmp(key, "delay") == 0) rule->delay_ms = number;
  else if (strcmp(key, "code") == 0) rule->code = number;
  else if (strcmp(key, "flip") == 0) rule->flip = number;
  else if (strcmp(key, "truncate") == 0) rule->truncate = number;
  else if (strcmp(key, "per-process") == 0) rule->is_per_process = (int)number;
  else if (strcmp(key, "after") == 0) rule->is_after = (int)number;
  else if (strcmp(key, "until") == 0) rule->until = until_of(value);
  else if (strcmp(key, "do") == 0) rule->deed = deed_of(value);
}

static void read_line(char *line) {
  char *rest = NULL;
  char *kind = strtok_r(line, " \n", &rest);
  if (kind == NULL || kind[0] == '#') return;
  struct rule rule = {.function = function_count, .from = 1, .times = ~0UL};
  for (char *pair; (pair = strtok_r(NULL, " \n", &rest)) != NULL;) {
    char *value = strchr(pair, '=');
    if (value == NULL) continue;
    *value++ = '\0';
    word number = strtoul(value, NULL, 0);
    if (strcmp(kind, "rule") == 0) set_rule(&rule, pair, value);
    else if (strcmp(kind, "pin") == 0) script.pin_tries = number;
    else if (strcmp(pair, "shift") == 0) script.slot_shift = number;
    else if (strcmp(pair, "twin") == 0) script.has_twin = (int)number;
    else if (strcmp(pair, "absent") == 0) script.is_absent = (int)number;
  }
  if (strcmp(kind, "rule") == 0 && script.rule_count < MOST_RULES) script.rules[script.rule_count++] = rule;
}

/* The script is replaced by renaming, so it is always whole and has another inode or time when it is new. */
static void refresh_script(void) {
  char path[4096];
  struct stat now;
  path_of("script", path, sizeof path);
  if (stat(path, &now) != 0) return;
  if (now.st_ino == script_state.st_ino && now.st_mtim.tv_nsec == script_state.st_mtim.tv_nsec &&
      now.st_mtim.tv_sec == script_state.st_mtim.tv_sec)
    return;
  FILE *file = fopen(path, "re");
  if (file == NULL) return;
  memset(&script, 0, sizeof script);
  char line[1024];
  while (fgets(line, sizeof line, file) != NULL) read_line(line);
  fclose(file);
  script_state = now;
}

/* --- the log ---------------------------------------------------------------------------------------------- */

static long long microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

/*
 * pid, start in microseconds, duration in microseconds, function, session or slot, what the real module
 * answered or `-` when it was not asked, what the caller was told or `-` when it was told nothing, id of the
 * rule that matched or 0, CKA_ID of the key that signed or `-`.
 */
static void record(int fn, word first, long long start, const word *answered, const word *told, word rule) {
  char line[400], real_code[24] = "-", told_code[24] = "-", id[129] = "-";
  if (answered != NULL) snprintf(real_code, sizeof real_code, "0x%lx", *answered);
  if (told != NULL) snprintf(told_code, sizeof told_code, "0x%lx", *told);
  if (fn == C_Sign_index || fn == C_SignFinal_index)
    for (int i = 0; i < MOST_SESSIONS; i++)
      if (sessions[i].handle == first)
        for (word k = 0; k < sessions[i].key_id_length; k++) sprintf(id + 2 * k, "%02x", sessions[i].key_id[k]);
  int length = snprintf(line, sizeof line, "%d %lld %lld %s 0x%lx %s %s %lu %s\n", (int)getpid(), start,
                        microseconds() - start, names[fn], first, real_code, told_code, rule, id);
  if (write(log_file, line, (size_t)length) != length) abort();
}

/* --- calling the real module ------------------------------------------------------------------------------ */

static word call_real(int fn, const word *a) {
  void *f = real->functions[fn];
  switch (arity[fn]) {
    case 1: return ((word(*)(word))f)(a[0]);
    case 2: return ((word(*)(word, word))f)(a[0], a[1]);
    case 3: return ((word(*)(word, word, word))f)(a[0], a[1], a[2]);
    case 4: return ((word(*)(word, word, word, word))f)(a[0], a[1], a[2], a[3]);
    case 5: return ((word(*)(word, word, word, word, word))f)(a[0], a[1], a[2], a[3], a[4]);
    case 6: return ((word(*)(word, word, word, word, word, word))f)(a[0], a[1], a[2], a[3], a[4], a[5]);
    default:
      return ((word(*)(word, word, word, word, word, word, word, word))f)(a[0], a[1], a[2], a[3], a[4], a[5],
                                                                         a[6], a[7]);
  }
}

#define TWIN 0x1000000UL

static int takes_slot(int fn) {
  return (fn >= C_GetSlotInfo_index && fn <= C_InitToken_index) || fn == C_OpenSession_index ||
         fn == C_CloseAllSessions_index;
}

static int takes_session(int fn) {
  return fn >= C_InitPIN_index && fn != C_OpenSession_index && fn != C_CloseAllSessions_index &&
         fn < C_WaitForSlotEvent_index;
}

/* The slots of the real module under other numbers, twice, or not at all. */
static word slot_list(const word *a) {
  word *out = (word *)a[1], *count = (word *)a[2], present = 0;
  word slots[256], found = 256;
  word rv = call_real(C_GetSlotList_index, (word[]){a[0], (word)slots, (word)&found});
  if (rv != CKR_OK) return rv;
  word wanted = script.is_absent ? 0 : found * (script.has_twin ? 2 : 1);
  word room = *count;
  *count = wanted;
  if (out == NULL) return CKR_OK;
  if (room < wanted) return CKR_BUFFER_TOO_SMALL;
  for (; present < wanted; present++)
    out[present] = slots[present % found] + script.slot_shift + (present >= found ? TWIN : 0);
  return CKR_OK;
}

/* As the state of the PIN: counted over all processes, as a token counts. */
static word login(const word *a) {
  if (script.pin_tries == 0) return call_real(C_Login_index, a);
  if (counters[0] >= script.pin_tries) return CKR_PIN_LOCKED;
  word rv = call_real(C_Login_index, a);
  if (rv == CKR_PIN_INCORRECT) counters[0]++;
  if (rv == CKR_OK) counters[0] = 0;
  return rv;
}

static void flag_token(unsigned char *info) {
  word flags, wrong = counters[0];
  if (script.pin_tries == 0) return;
  memcpy(&flags, info + 96, sizeof flags); /* after label, manufacturer, model and serial number */
  flags &= ~(CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED);
  if (wrong > 0) flags |= CKF_USER_PIN_COUNT_LOW;
  if (wrong == script.pin_tries - 1) flags |= CKF_USER_PIN_FINAL_TRY;
  if (wrong >= script.pin_tries) flags |= CKF_USER_PIN_LOCKED;
  memcpy(info + 96, &flags, sizeof flags);
}

static void remember_session(word handle) {
  for (int i = 0; i < MOST_SESSIONS; i++)
    if (sessions[i].handle == 0 || sessions[i].handle == handle) {
      memset(&sessions[i], 0, sizeof sessions[i]);
      sessions[i].handle = handle;
      return;
    }
}

static void forget_session(word handle) {
  for (int i = 0; i < MOST_SESSIONS; i++)
    if (sessions[i].handle == handle) memset(&sessions[i], 0, sizeof sessions[i]);
}

static void remember_key(word session, word key) {
  for (int i = 0; i < MOST_SESSIONS; i++)
    if (sessions[i].handle == session) {
      struct { word type; void *value; word length; } id = {CKA_ID, sessions[i].key_id, 64};
      word rv = call_real(C_GetAttributeValue_index, (word[]){session, key, (word)&id, 1});
      sessions[i].key_id_length = rv == CKR_OK && id.length <= 64 ? id.length : 0;
    }
}

/* The call itself, with slots as the script shows them. */
static word perform(int fn, const word *arguments) {
  word a[8];
  memcpy(a, arguments, sizeof a);
  if (script.is_absent && takes_slot(fn)) return CKR_TOKEN_NOT_PRESENT;
  if (script.is_absent && takes_session(fn)) return CKR_DEVICE_REMOVED;
  if (takes_slot(fn)) {
    if (a[0] < script.slot_shift) return CKR_SLOT_ID_INVALID;
    a[0] -= script.slot_shift;
    if (script.has_twin && call_real(C_GetSlotInfo_index, (word[]){a[0], (word)(char[256]){0}}) != CKR_OK) a[0] -= TWIN;
  }
  if (fn == C_GetSlotList_index) return slot_list(a);
  word rv = fn == C_Login_index ? login(a) : call_real(fn, a);
  if (rv != CKR_OK) return rv;
  if (fn == C_GetTokenInfo_index) flag_token((unsigned char *)a[1]);
  if (fn == C_GetSessionInfo_index) *(word *)a[1] += script.slot_shift;
  if (fn == C_OpenSession_index) remember_session(*(word *)a[4]);
  if (fn == C_CloseSession_index) forget_session(a[0]);
  if (fn == C_CloseAllSessions_index || fn == C_Finalize_index) memset(sessions, 0, sizeof sessions);
  if (fn == C_SignInit_index) remember_key(a[0], a[2]);
  return rv;
}

/* --- misbehaving ------------------------------------------------------------------------------------------ */

static const struct rule *matching_rule(int fn) {
  for (int i = 0; i < script.rule_count; i++) {
    const struct rule *rule = &script.rules[i];
    if (rule->function != (word)fn && rule->function != function_count) continue;
    word nth = 1 + (rule->is_per_process ? own_counters[rule->id]++ : atomic_fetch_add(&counters[rule->id], 1));
    if (nth >= rule->from && nth - rule->from < rule->times) return rule;
  }
  return NULL;
}

/* What an earlier fault that lasts says to this call; false when it says nothing. */
static int still_faulty(int fn, word first, word *code) {
  if (fn == C_Finalize_index && lasting.until == UNTIL_FINALIZE) lasting.until = UNTIL_NEXT_CALL;
  if (fn == C_Finalize_index || fn == C_Initialize_index) return 0;
  if (lasting.until != UNTIL_NEXT_CALL) {
    *code = lasting.code;
    return 1;
  }
  if (takes_session(fn) && fn != C_CloseSession_index)
    for (int i = 0; i < MOST_SESSIONS; i++)
      if (sessions[i].handle == first && sessions[i].code != CKR_OK) {
        *code = sessions[i].code;
        return 1;
      }
  return 0;
}

static void make_last(const struct rule *rule, word session) {
  if (rule->until == UNTIL_SESSION_CLOSED) {
    for (int i = 0; i < MOST_SESSIONS; i++)
      if (sessions[i].handle == session) sessions[i].code = rule->code;
  } else if (rule->until != UNTIL_NEXT_CALL) {
    lasting.until = rule->until;
    lasting.code = rule->code;
  }
}

static void do_deed(enum deed deed, word session) {
  word info[8] = {0};
  switch (deed) {
    case DEED_ABORT: abort();
    case DEED_SEGFAULT: raise(SIGSEGV); break;
    case DEED_EXIT: _exit(9);
    case DEED_LOGOUT: call_real(C_Logout_index, (word[]){session}); break;
    case DEED_CLOSE_SESSIONS:
      /* As a daemon that was restarted: all sessions and the login are gone. */
      if (call_real(C_GetSessionInfo_index, (word[]){session, (word)info}) == CKR_OK)
        call_real(C_CloseAllSessions_index, (word[]){info[0]});
      break;
    case DEED_NONE: break;
  }
}

static void wait_for(word ms) {
  struct timespec rest = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000L};
  while (nanosleep(&rest, &rest) != 0 && errno == EINTR) continue;
}

static void spoil_signature(int fn, const struct rule *rule, const word *a) {
  if (fn != C_Sign_index || a[3] == 0) return;
  unsigned char *signature = (unsigned char *)a[3];
  word *length = (word *)a[4];
  if (rule->flip != 0) signature[*length / 2] ^= (unsigned char)rule->flip;
  if (rule->truncate < *length) *length -= rule->truncate;
}

static word through(int fn, const word *a) {
  long long start = microseconds();
  word told;
  pthread_mutex_lock(&lock);
  refresh_script();
  int is_faulty = still_faulty(fn, a[0], &told);
  const struct rule *found = is_faulty ? NULL : matching_rule(fn);
  struct rule rule = found == NULL ? (struct rule){0} : *found;
  if (is_faulty) record(fn, a[0], start, NULL, &told, 0);
  pthread_mutex_unlock(&lock);
  if (is_faulty) return told;

  int crashes = rule.deed == DEED_ABORT || rule.deed == DEED_SEGFAULT || rule.deed == DEED_EXIT;
  int is_refused = !rule.is_after && (rule.code != CKR_OK || crashes);
  if (rule.delay_ms >= 1000 || (crashes && !rule.is_after)) record(fn, a[0], start, NULL, NULL, rule.id);
  wait_for(rule.delay_ms);
  if (!rule.is_after) do_deed(rule.deed, a[0]);

  pthread_mutex_lock(&lock);
  if (is_refused) {
    make_last(&rule, a[0]);
    record(fn, a[0], start, NULL, &rule.code, rule.id);
    pthread_mutex_unlock(&lock);
    return rule.code;
  }
  word answered = perform(fn, a);
  told = rule.is_after && rule.code != CKR_OK ? rule.code : answered;
  if (answered == CKR_OK) spoil_signature(fn, &rule, a);
  if (rule.is_after && rule.code != CKR_OK) make_last(&rule, a[0]);
  record(fn, a[0], start, &answered, crashes ? NULL : &told, rule.id);
  pthread_mutex_unlock(&lock);
  if (rule.is_after) do_deed(rule.deed, a[0]);
  return told;
}

/* --- what the module exports ------------------------------------------------------------------------------ */

#define PARAMETERS_1 word a
#define PARAMETERS_2 PARAMETERS_1, word b
#define PARAMETERS_3 PARAMETERS_2, word c
#define PARAMETERS_4 PARAMETERS_3, word d
#define PARAMETERS_5 PARAMETERS_4, word e
#define PARAMETERS_6 PARAMETERS_5, word f
#define PARAMETERS_8 PARAMETERS_6, word g, word h
#define VALUES_1 a
#define VALUES_2 a, b
#define VALUES_3 a, b, c
#define VALUES_4 a, b, c, d
#define VALUES_5 a, b, c, d, e
#define VALUES_6 a, b, c, d, e, f
#define VALUES_8 a, b, c, d, e, f, g, h

#define AS_FORWARDER(name, n) \
  static word name##_forward(PARAMETERS_##n) { return through(name##_index, (word[8]){VALUES_##n}); }
FUNCTIONS(AS_FORWARDER)

#define AS_POINTER(name, n) (void *)name##_forward,
static struct function_list own = {{2, 40}, {FUNCTIONS(AS_POINTER)}};

static int open_in_folder(const char *name, int flags) {
  char path[4096];
  path_of(name, path, sizeof path);
  return open(path, flags | O_CREAT | O_CLOEXEC, 0600);
}

static int load_real(void) {
  Dl_info self;
  char path[4096], module[4096];
  if (dladdr((void *)load_real, &self) == 0) return 0;
  snprintf(folder, sizeof folder, "%s", self.dli_fname);
  *strrchr(folder, '/') = '\0';
  path_of("module", path, sizeof path);
  FILE *file = fopen(path, "re");
  if (file == NULL || fgets(module, sizeof module, file) == NULL) return 0;
  fclose(file);
  module[strcspn(module, "\n")] = '\0';
  void *library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return 0;
  word (*get_list)(struct function_list **) = (word(*)(struct function_list **))dlsym(library, "C_GetFunctionList");
  if (get_list == NULL || get_list(&real) != CKR_OK) return 0;
  log_file = open_in_folder("log", O_WRONLY | O_APPEND);
  int shared = open_in_folder("counters", O_RDWR);
  size_t size = MOST_IDS * sizeof(word);
  if (log_file < 0 || shared < 0 || ftruncate(shared, (off_t)size) != 0) return 0;
  counters = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, shared, 0);
  close(shared);
  return counters != MAP_FAILED;
}

word C_GetFunctionList(struct function_list **list) {
  pthread_mutex_lock(&lock);
  int is_loaded = real != NULL || load_real();
  pthread_mutex_unlock(&lock);
  if (!is_loaded) return CKR_GENERAL_ERROR;
  *list = &own;
  return CKR_OK;
}
