import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Version {
  readonly id: string;
  readonly text: string;
  readonly madeMs: number;
  stages: string[];
}

/** Secrets Manager as far as versions go: labels move, AWSPREVIOUS follows AWSCURRENT (AWS API reference). */
export class SecretVersions {
  readonly versions: Version[];
  nowMs: number;

  constructor(text: string, nowMs: number) {
    this.nowMs = nowMs;
    this.versions = [{ id: 'v1', text, madeMs: nowMs, stages: ['AWSCURRENT'] }];
  }

  textOf(stage: string): string | undefined {
    return this.versions.find(({ stages }) => stages.includes(stage))?.text;
  }

  call(action: string, input: Record<string, unknown>): object {
    switch (action) {
      case 'ListSecretVersionIds':
        return {
          Versions: this.versions
            .filter(({ stages }) => stages.length > 0)
            .map(({ id, stages, madeMs }) => ({ VersionId: id, VersionStages: stages, CreatedDate: madeMs / 1000 })),
        };
      case 'GetSecretValue': {
        const text = this.textOf(String(input['VersionStage']));
        return text === undefined ? { __type: 'ResourceNotFoundException' } : { SecretString: text };
      }
      case 'PutSecretValue': {
        const stages = input['VersionStages'] as string[];
        const id = String(input['ClientRequestToken']);
        for (const stage of stages) this.drop(stage);
        this.versions.push({ id, text: String(input['SecretString']), madeMs: this.nowMs, stages: [...stages] });
        return { VersionId: id };
      }
      case 'UpdateSecretVersionStage': {
        const stage = String(input['VersionStage']);
        const from = this.versions.find(({ id }) => id === input['RemoveFromVersionId']);
        const to = this.versions.find(({ id }) => id === input['MoveToVersionId']);
        if (!from?.stages.includes(stage) || !to) return { __type: 'InvalidParameterException' };
        this.drop(stage);
        to.stages.push(stage);
        if (stage === 'AWSCURRENT') {
          this.drop('AWSPREVIOUS');
          from.stages.push('AWSPREVIOUS');
        }
        return {};
      }
      default:
        return { __type: 'InvalidRequestException' };
    }
  }

  private drop(stage: string): void {
    for (const version of this.versions) version.stages = version.stages.filter((held) => held !== stage);
  }
}

/** Serves the versions to the real client. */
export async function startSecretsEndpoint(
  versions: SecretVersions,
): Promise<{ readonly endpoint: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const action = String(request.headers['x-amz-target']).split('.')[1] ?? '';
      const answer = versions.call(action, JSON.parse(Buffer.concat(chunks).toString() || '{}'));
      response.writeHead('__type' in answer ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(answer));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
