/**
 * The process groups of shell recipes that are still alive: how one is ended, and that none outlives this process, however
 * it ends. Knows no recipes.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../state/files.ts';

/** How long a group may take to end after SIGTERM before it is killed. */
const GRACE_MS = 5_000;
/** How long those killed may take to be gone. */
const KILLED_MS = 500;
const LOOK_EVERY_MS = 20;
/** What a second one of them does to this process leaves nobody time to end anything. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

const living = new Set<number>();
let hears = false;

/** From now on it ends with this process. */
export function holdGroup(pid: number): void {
  living.add(pid);
  if (hears) return;
  hears = true;
  process.on('exit', killAll);
}

/** The build was asked to end: if it is asked once more, it ends at once, and so do the groups. */
export function endWithNextSignal(): void {
  for (const name of ENDING) {
    const act = (): void => {
      process.off(name, act);
      killAll();
      // To this process it does what it would have done if nobody had listened.
      if (process.listenerCount(name) === 0) process.kill(process.pid, name);
    };
    if (living.size > 0) process.once(name, act);
  }
}

/** A child left in the background would go on writing to outputs that are hashed and renamed next. */
export function killGroup(pid: number): void {
  signalGroup(pid, 'SIGKILL');
  living.delete(pid);
}

/** Ends all of the group, and waits until it is gone: the shell may be so long before what it started. */
export async function endGroup(pid: number): Promise<void> {
  signalGroup(pid, 'SIGTERM');
  for (let waited = 0; groupLives(pid) && waited < GRACE_MS + KILLED_MS; waited += LOOK_EVERY_MS) {
    if (waited >= GRACE_MS) signalGroup(pid, 'SIGKILL');
    await sleep(LOOK_EVERY_MS);
  }
}

/**
 * Ends what has left the group for a session of its own but still has this text in its environment, where /proc tells:
 * whoever holds the pipes of a recipe that is over.
 */
export function killMarked(mark: string): void {
  for (const entry of processes()) {
    try {
      if (readFileSync(`/proc/${entry}/environ`, 'utf8').split('\0').includes(mark))
        process.kill(Number(entry), 'SIGKILL');
    } catch {
      // It has ended meanwhile, or is another user's.
    }
  }
}

function killAll(): void {
  for (const pid of living) killGroup(pid);
}

/** Those that have ended but that nobody has collected (in a container nobody may) do not count, where /proc tells. */
function groupLives(pid: number): boolean {
  if (!signalGroup(pid, 0)) return false;
  if (process.platform !== 'linux') return true;
  return processes().some((entry) => {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      // `PID (NAME) STATE PARENT GROUP …`, and a name may hold anything.
      const [state = '', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return group === String(pid) && !'ZX'.includes(state);
    } catch {
      return false;
    }
  });
}

function processes(): readonly string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && entry !== String(process.pid));
}

/** Whether there was anybody to signal. */
function signalGroup(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, name);
    return true;
  } catch (thrown) {
    if (errorCode(thrown) === 'ESRCH') return false;
    // EPERM on some systems: only zombies are left of the group.
    if (errorCode(thrown) === 'EPERM') return false;
    throw thrown;
  }
}
