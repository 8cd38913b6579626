# docker build -t normfold .
# docker run --rm -v "$PWD:/models" --user "$(id -u):$(id -g)" normfold optimize model.onnx -o small.onnx

FROM node:22-bookworm-slim AS package
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY scripts/install.mjs scripts/
RUN npm ci --loglevel=error
COPY . .
RUN npm run build --silent && npm pack --silent --ignore-scripts --pack-destination /tmp

FROM node:22-bookworm-slim
# As the first process of a container Node would not hear the signals by which it is stopped.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/*
COPY --from=package /tmp/normfold-*.tgz /tmp/
# Without install scripts: onnxruntime's downloads a CUDA build, and its package has the CPU build of every system.
RUN npm install --global --ignore-scripts --no-audit --no-fund --loglevel=error /tmp/normfold-*.tgz \
 && cd "$(npm root --global)/normfold/node_modules/onnxruntime-node/bin/napi-v6" \
 && rm -rf darwin win32 \
 && find linux -mindepth 1 -maxdepth 1 ! -name "$(node --print process.arch)" -exec rm -rf {} + \
 && npm cache clean --force --loglevel=error \
 && rm -rf /tmp/normfold-*.tgz /root/.npm
USER node
WORKDIR /models
ENTRYPOINT ["tini", "--", "normfold"]
CMD ["--help"]
