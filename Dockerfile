# baton in a container: what the lock names and nothing else, run by a person without rights.

FROM node:20.19.5-bookworm-slim AS pages
WORKDIR /build
COPY dev/pages dev/pages
RUN dev/pages/make /made

FROM python:3.11.14-slim-bookworm AS build
WORKDIR /build
COPY requirements.txt requirements-dev.txt ./
# The build backend comes from the lock too, with its hash.
RUN python -m venv /backend \
    && /backend/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements-dev.txt
RUN python -m venv /opt/baton \
    && /opt/baton/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY streams streams
COPY services services
COPY --from=pages /made services/baton/console/static/made
RUN /backend/bin/python -m build --wheel --no-isolation --outdir /wheel \
    && /opt/baton/bin/pip install --no-cache-dir --no-deps --no-index /wheel/*.whl

FROM python:3.11.14-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin baton
COPY --from=build /opt/baton /opt/baton
ENV PATH=/opt/baton/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT ["baton"]
CMD ["--help"]
