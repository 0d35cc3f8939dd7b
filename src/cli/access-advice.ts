/** Says whose a file is that this process may not use, and what its owner or root does about it. */
import { readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';

/** What decides about access: the file (or the nearest folder that is there), its owner, and who asks. Names where the system knows them. */
export interface AccessFacts {
  /** `EACCES`, `EPERM` or `EROFS`. */
  code: string;
  path: string;
  /** `path` itself, or what of it is there. */
  existing: string;
  owner: string;
  mode: number;
  me: string;
}

/** `chownTo`: the folder whose whole content ought to be this user's. Pure. */
export function adviseAccess({ code, path, existing, owner, mode, me }: AccessFacts, chownTo = path): string {
  if (code === 'EROFS') return `The file system of ${existing} is mounted read-only.`;
  if (existing !== path)
    return `${existing} belongs to ${owner} and this is ${me}: as root, make it with "install -d -m 0700 -o ${me} ${chownTo}".`;
  if (owner === me) return `${path} is ${me}'s own, but its mode is ${mode.toString(8)}: chmod u+rwX ${path}`;
  return `${path} belongs to ${owner} and this is ${me}: run the command as ${owner}${owner === 'root' ? '' : ' (or root)'}, or give it to ${me} with "chown -R ${me}: ${chownTo}".`;
}

/** Undefined when neither the error nor what caused it is a refusal of the file system. */
export function accessAdvice(error: unknown, dataDir?: string): string | undefined {
  const refused = refusedPath(error);
  if (refused === undefined) return undefined;
  const facts = factsOf(refused.path);
  const isInside = dataDir !== undefined && `${refused.path}/`.startsWith(`${dataDir}/`);
  return facts && adviseAccess({ ...refused, ...facts, me: userInfo().username }, isInside ? dataDir : refused.path);
}

/** The owner's name, where it can be known. */
export const ownerOf = (path: string): string | undefined => factsOf(path)?.owner;

/** Errors of store threads come as text, which ends as Node writes it: `EACCES: permission denied, open '/path'`. */
function refusedPath(error: unknown): { code: string; path: string } | undefined {
  for (let one = error, depth = 0; one instanceof Error && depth < 8; one = one.cause, depth++) {
    const found = /\b(EACCES|EPERM|EROFS): [^,]+, \w+ '([^']+)'/.exec(one.message);
    if (found?.[1] !== undefined && found[2] !== undefined) return { code: found[1], path: found[2] };
  }
  return undefined;
}

function factsOf(path: string): Pick<AccessFacts, 'existing' | 'owner' | 'mode'> | undefined {
  try {
    const { uid, mode } = statSync(path);
    return { existing: path, owner: nameOf(uid), mode: mode & 0o777 };
  } catch {
    return dirname(path) === path ? undefined : factsOf(dirname(path));
  }
}

function nameOf(uid: number): string {
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((one) => one.split(':')[2] === String(uid));
    return line?.split(':')[0] ?? `user ${uid}`;
  } catch {
    return `user ${uid}`;
  }
}
