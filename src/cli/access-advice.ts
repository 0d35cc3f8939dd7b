/** For a file that this process may not use: says who owns it, and what the owner or root can do. */
import { readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';

/** The facts that decide about access: the file (or the nearest folder that exists), its owner, and the user who asks, by name if the system knows it. */
export interface AccessFacts {
  /** `EACCES`, `EPERM` or `EROFS`. */
  code: string;
  path: string;
  /** `path` itself, or the part of it that exists. */
  existing: string;
  owner: string;
  mode: number;
  me: string;
}

/** `chownTo`: the folder whose whole content should belong to this user. Pure. */
export function adviseAccess({ code, path, existing, owner, mode, me }: AccessFacts, chownTo = path): string {
  if (code === 'EROFS') return `The file system of ${existing} is mounted read-only.`;
  if (existing !== path)
    return `${existing} belongs to ${owner} and this is ${me}: as root, make it with "install -d -m 0700 -o ${me} ${chownTo}".`;
  if (owner === me) return `${path} is ${me}'s own, but its mode is ${mode.toString(8)}: chmod u+rwX ${path}`;
  return `${path} belongs to ${owner} and this is ${me}: run the command as ${owner}${owner === 'root' ? '' : ' (or root)'}, or give it to ${me} with "chown -R ${me}: ${chownTo}".`;
}

/** Undefined if neither the error nor its cause is a refusal of the file system. */
export function accessAdvice(error: unknown, dataDir?: string): string | undefined {
  const refused = refusedPath(error);
  if (refused === undefined) return undefined;
  const facts = factsOf(refused.path);
  const isInside = dataDir !== undefined && `${refused.path}/`.startsWith(`${dataDir}/`);
  return facts && adviseAccess({ ...refused, ...facts, me: userInfo().username }, isInside ? dataDir : refused.path);
}

/** The owner's name, if it is known. */
export const ownerOf = (path: string): string | undefined => factsOf(path)?.owner;

/** An error of a store thread comes as text, which ends with Node's own words: `EACCES: permission denied, open '/path'`. */
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
