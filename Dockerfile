# SA Merge Explorer in a container: slim, not root, the weights in at build time. Its root file system may be read-only:
#   docker build -t sa-merge-explorer .
#   docker run --rm --read-only --tmpfs /tmp -p 7860:7860 sa-merge-explorer
FROM python:3.11-slim

# A CPU-only build of torch is a tenth of the size; TORCH_OPTIONS can name its index.
ARG TORCH_OPTIONS=""
WORKDIR /app
COPY requirements.txt .
# Versions are pinned in requirements.txt; torch goes first, alone, so that nothing chooses another build of it.
# hadolint ignore=DL3013,SC2086
RUN pip install --no-cache-dir "$(grep '^pip==' requirements.txt)" \
    && pip install --no-cache-dir ${TORCH_OPTIONS} "$(grep '^torch==' requirements.txt)" \
    && pip install --no-cache-dir -r requirements.txt

RUN useradd --create-home --uid 1000 explorer
COPY --chown=1000:1000 . .
USER 1000
ENV HOME=/home/explorer \
    SA_MERGE_CACHE=/home/explorer/weights \
    GRADIO_TEMP_DIR=/tmp/gradio \
    GRADIO_ANALYTICS_ENABLED=False \
    GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    PYTHONDONTWRITEBYTECODE=1
RUN python -m compileall -q app.py explorer && python -m explorer fetch

EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/', timeout=4)"]
CMD ["python", "app.py"]
