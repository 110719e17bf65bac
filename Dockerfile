# One image for every role: `serve` (all on one machine, the default), or `gateway`, `worker`, `web`, `scheduler`, `migrate`.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/careerrelay
# The dependencies change less often than the code: they get a layer of their own.
COPY constraints.txt pyproject.toml README.md ./
RUN /opt/careerrelay/bin/python -c "import tomllib; print('\n'.join(tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies']))" > needed.txt \
    && /opt/careerrelay/bin/pip install --no-cache-dir --disable-pip-version-check -c constraints.txt -r needed.txt
COPY . .
RUN /opt/careerrelay/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/careerrelay --create-home careerrelay \
    && chmod 0700 /var/lib/careerrelay
COPY --from=build /opt/careerrelay /opt/careerrelay
ENV PATH=/opt/careerrelay/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CAREERRELAY_HOME=/var/lib/careerrelay \
    CAREERRELAY_SMTP__LISTEN=0.0.0.0:2525 \
    CAREERRELAY_WEB__LISTEN=0.0.0.0:8080
USER careerrelay
WORKDIR /var/lib/careerrelay
VOLUME /var/lib/careerrelay
EXPOSE 2525 8080
# serve ends within 10 s of SIGTERM.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["careerrelay", "health"]
ENTRYPOINT ["careerrelay"]
CMD ["serve"]
