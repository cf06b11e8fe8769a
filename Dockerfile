# docker build -t entrepot .
# docker run --init -p 127.0.0.1:8000:8000 -v entrepot:/data entrepot     (the embedded PostgreSQL; or see compose.yaml)

FROM node:22-slim AS web
WORKDIR /app/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

FROM python:3.13-slim AS build
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --locked --no-dev --no-install-project
COPY kernel kernel
COPY pim pim
COPY oms oms
COPY schema schema
COPY server server
COPY migrations migrations
RUN uv sync --locked --no-dev

FROM python:3.13-slim
RUN useradd --system --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin entrepot \
    && install --directory --owner=entrepot --group=entrepot /data
WORKDIR /app
COPY --from=build /app /app
COPY --from=web /app/web/dist web/dist
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
USER entrepot
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/health', timeout=4)"]
CMD ["entrepot", "serve"]
