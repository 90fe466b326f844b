// Run by `accept-in-bulk.ts`: sends a handle back as often as asked. Each time that a handle is sent, whoever
// gets it has a file descriptor of its own for what it stands for.
process.on('message', (count, handle) => {
  let sent = 0;
  const next = (error) => {
    if (error || sent === count) {
      process.disconnect();
      return;
    }
    sent += 1;
    process.send('sent back', handle, { keepOpen: true }, next);
  };
  next();
});
