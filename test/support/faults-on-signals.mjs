/** Loaded before a process of the gateway: it makes errors that nobody catches when it is told to. */

const fault = () => new TypeError('canary-patient Ana Silva\n    at canary-of-a-message');

process.on('SIGUSR2', () => {
  Promise.reject(fault());
});
process.on('SIGALRM', () => {
  setImmediate(() => {
    throw fault();
  });
});
