# Acta in one process. Durable state is in /data, or in the servers that DATABASE_URL and EVENTSTORE_URL name.
#   docker build -t acta . && docker run -p 127.0.0.1:8000:8000 -v acta:/data -e AOS_API_KEY=… acta
FROM node:24.21.0-bookworm-slim

WORKDIR /acta
COPY package.json package-lock.json .npmrc ./
# The optional packages bring a Node per platform; this image has its own. No package's scripts are run.
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force \
 && mkdir /data && chown node:node /data
# What comes along is listed in .dockerignore.
COPY . .

# In the container it listens on every address, so that it asks every caller for a key.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000 ACTA_DATA=/data
USER node
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=6 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts", "serve"]
