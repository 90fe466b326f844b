/** Loaded before a command: the user of its process has a number and no name, as in many containers. */

import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

os.userInfo = () => {
  throw new Error('uv_os_get_passwd returned ENOENT');
};
syncBuiltinESMExports();
