# One image with all eight servers and campaignctl; compose.yaml says how they are run. Builds on engines from 20.10 on.
#
#   docker compose build
#
# BINARIES=prebuilt takes what tools/build has built on a Debian 12 machine, instead of compiling here:
#   DESTDIR=$PWD/build/image cmake --install build/release --prefix /usr/local --strip
#   docker compose build --build-arg BINARIES=prebuilt
ARG BINARIES=build

# Compilers and libraries: new only when the list of packages is.
FROM debian:bookworm-slim AS packages
WORKDIR /source
COPY tools/setup tools/
RUN tools/setup && rm -rf /var/lib/apt/lists/* /var/cache/apt/*

FROM packages AS configured
COPY CMakeLists.txt CMakePresets.json ./
COPY protos protos
COPY common common
COPY services services
COPY orchestrator orchestrator
COPY tools tools
COPY tests tests
RUN cmake --preset release

# The compiler cache outlives the layer: a code change compiles what it touches.
FROM configured AS build
RUN --mount=type=cache,target=/var/cache/ccache \
    CCACHE_DIR=/var/cache/ccache tools/build release installed \
    && DESTDIR=/image cmake --install build/release --prefix /usr/local --strip

# Proves on the way that a build from sources would get as far as compiling.
FROM scratch AS prebuilt
COPY --from=configured /source/build/release/build.ninja /
COPY build/image /image

FROM ${BINARIES} AS binaries

FROM debian:bookworm-slim
RUN apt-get update -q \
    && apt-get install -y -q --no-install-recommends \
        ca-certificates libc-ares2 libcurl4 libfasttext0 libicu72 libnlopt0 libre2-9 libsqlite3-0 libssl3 libstdc++6 \
        libyaml-cpp0.7 libzstd1 tzdata zlib1g \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
    && install -d -m 0750 -o 10001 -g 10001 /var/lib/campaign
COPY --from=binaries /image /
RUN ! ldd /usr/local/bin/* | grep 'not found'
COPY services/segmentation/intents.txt /usr/share/campaign/
COPY orchestrator/*.yaml services/*/*.yaml /etc/campaign/
# A number, so that an orchestrator of containers can see that it is not root.
USER 10001:10001
