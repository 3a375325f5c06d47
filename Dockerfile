# The demo as an image. The tags are exact; to pin the very bytes, write the digest behind them, which
# `docker buildx imagetools inspect python:3.13.14-slim-trixie` prints (name:tag@sha256:…).
# Dependabot renews both.
FROM python:3.13.14-slim-trixie AS packages
WORKDIR /build
COPY requirements.txt .
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary=:all: -r requirements.txt

FROM python:3.13.14-slim-trixie
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    STATIC_ROOT=/srv/static
# A number of its own, which is nobody's on the host.
RUN groupadd --gid 10001 demo \
    && useradd --uid 10001 --gid demo --no-create-home --shell /usr/sbin/nologin demo
WORKDIR /srv/demo
COPY --from=packages /venv /venv
COPY . .
# The key is of use in this step alone, and signs nothing in it. Bytecode is written now, for later
# everything is read-only.
RUN SECRET_KEY=for-collectstatic ALLOWED_HOSTS=localhost python manage.py collectstatic --no-input \
    && python -m compileall -q allauth_moralis config
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=10s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=9)"]
CMD ["gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", "0.0.0.0:8000"]
