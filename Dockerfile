# The service as one image: `docker build .` makes the one for production, `--target development` adds SoftHSM.
#
#   docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
#     -v sigillo:/var/lib/sigillo -v /path/to/vendor/pkcs11:/opt/pkcs11:ro -p 8440-8443:8440-8443 IMAGE
#
# The instance (sigillo.yaml, records, PIN files) lives in the volume; the token's PKCS#11 module comes from its
# vendor and is mounted at /opt/pkcs11. Nothing secret is in the image. For builds that can be repeated, give both
# images by digest.
ARG NPM_IMAGE=node:24-bookworm-slim
ARG BASE_IMAGE=debian:bookworm-slim

# --- build: npm and a compiler for the PKCS#11 addon; the Node in this image runs npm only
FROM ${NPM_IMAGE} AS build
RUN apt-get update \
  && apt-get install -y --no-install-recommends python3 make g++ \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/sigillo
COPY package.json package-lock.json .npmrc ./
# The headers lie in this image, so that node-gyp downloads none.
ENV npm_config_nodedir=/usr/local
RUN npm ci --omit=dev --no-audit --no-fund \
  && test -f node_modules/pkcs11js/build/Release/pkcs11.node \
  && node_modules/.bin/node --version \
  && rm -rf node_modules/pkcs11js/build/Release/obj.target \
    node_modules/node-linux-*/include node_modules/node-linux-*/share

# --- base: what both images share
FROM ${BASE_IMAGE} AS base
# libatomic is the one library that the pinned Node needs beyond a bare Debian.
RUN apt-get update \
  && apt-get install -y --no-install-recommends libatomic1 \
  && rm -rf /var/lib/apt/lists/*
RUN install -d -m 0700 -o 10001 -g 10001 /var/lib/sigillo \
  && install -d -m 0755 /opt/pkcs11
WORKDIR /opt/sigillo
COPY --from=build /opt/sigillo/node_modules ./node_modules
COPY package.json LICENSE ./
COPY policies ./policies
COPY hsm ./hsm
COPY src ./src
ENV NODE_ENV=production
# Each arena of glibc keeps what was freed in it; the service has a dozen threads that seldom allocate.
ENV MALLOC_ARENA_MAX=2
VOLUME ["/var/lib/sigillo"]
# Station API, EAC, console, distribution; metrics and health (8444) are for loopback only.
EXPOSE 8440 8441 8442 8443
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["/opt/sigillo/node_modules/.bin/node", "-e", "fetch('http://127.0.0.1:8444/health/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["/opt/sigillo/node_modules/.bin/node", "--max-semi-space-size=8", "--heap-growing-percent=45", "--no-allocation-site-pretenuring", "/opt/sigillo/src/app/main.ts"]

# --- development: a state of Utopia on a software token; never for real documents
FROM base AS development
RUN apt-get update \
  && apt-get install -y --no-install-recommends softhsm2 \
  && rm -rf /var/lib/apt/lists/*
USER 10001:10001
CMD ["start", "--home", "/var/lib/sigillo"]

# --- runtime: what `docker build .` makes
FROM base AS runtime
USER 10001:10001
CMD ["serve", "--home", "/var/lib/sigillo"]
