/** Commands to services by their names, as people give them; what goes wrong is told in their words, with the service's last lines. */
import { ControlFault } from './control/fault.ts';
import type { ServiceName, ServiceState, Supervisor } from './supervisor/contract.ts';
import { SupervisorError } from './supervisor/supervisor.ts';

export class ServiceCommands {
  readonly #supervisor: Supervisor;
  readonly #isStopping: () => boolean;

  /** @param isStopping whether the appliance is on its way down; then workers are not restarted any more */
  constructor(supervisor: Supervisor, isStopping: () => boolean) {
    this.#supervisor = supervisor;
    this.#isStopping = isStopping;
  }

  /** @throws ControlFault UnknownService, ServiceFailed */
  async run(name: string, command: (service: ServiceName) => Promise<void>): Promise<void> {
    const service = this.#supervisor.status().find((each) => each.name === name);
    if (service === undefined) {
      const names = [...this.#supervisor.status().map((each) => each.name), 'worker'].join(', ');
      throw new ControlFault(404, 'UnknownService', `There is no service ${JSON.stringify(name)}.`, names);
    }
    try {
      await command(service.name);
    } catch (error) {
      if (!(error instanceof SupervisorError)) throw error;
      const { failure } = error;
      throw new ControlFault(
        502,
        'ServiceFailed',
        [error.message, failure?.remedy ?? '', ...(failure?.lastLines.slice(-5) ?? [])].filter(Boolean).join('\n'),
      );
    }
  }

  /** One after the other: where there are several, clients always find one. */
  async restartWorkers(wanted: (state: ServiceState) => boolean): Promise<void> {
    const workers = this.#supervisor.status().filter((each) => each.kind === 'worker' && wanted(each.state));
    for (const { name } of workers) {
      if (this.#isStopping()) return;
      await this.run(name, (service) => this.#supervisor.restartService(service));
    }
  }

  async eachWorker(act: (name: ServiceName) => Promise<void>): Promise<void> {
    for (const { kind, name } of this.#supervisor.status()) if (kind === 'worker') await this.run(name, act);
  }
}
