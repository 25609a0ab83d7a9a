# Not exercised by CI. Build: docker build -t khabar .    Run: docker run -p 8080:8080 -v khabar:/data khabar
# Links the system's libpq, so that connections to PostgreSQL can use TLS.
FROM rust:1-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential cmake libpq-dev
WORKDIR /khabar
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY src src
COPY migrations migrations
COPY openapi openapi
# Cargo wants the files of all its targets to be there, those of the tests and the benches too.
COPY tests tests
COPY benches benches
RUN cargo build --release --locked --no-default-features --features postgres-tls

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libpq5 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --no-create-home khabar \
    && install -d -o khabar -g khabar -m 0700 /data
COPY --from=build /khabar/target/release/khabar /usr/local/bin/khabar
USER khabar
WORKDIR /data
VOLUME /data
ENV KHABAR_DATA_DIR=/data KHABAR_BIND=0.0.0.0:8080 KHABAR_LOG_FORMAT=json MIMALLOC_ALLOW_THP=0
EXPOSE 8080
ENTRYPOINT ["khabar"]
CMD ["serve"]
