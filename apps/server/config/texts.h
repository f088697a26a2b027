// The texts of quoitd's help and man page beside its options: usage, examples, exit statuses, files
// and signals.
//
// Covered by tests/server/config/option_table_test.cc.
#pragma once

#include <array>

#include "apps/options/table.h"

namespace server::texts {

using options::Term;

inline constexpr std::array usage = {
    Term{"[OPTION...] [ROOT]", "serves the files under ROOT"},
    Term{"token NAME", "prints a new token, and its line for the file of --tokens"},
};

inline constexpr std::array examples = {
    Term{"quoitd ~/Public", "read-only, on 127.0.0.1:8080"},
    Term{"quoitd --writable --listen :8080 /srv/files",
         "for everybody on this network, to read and to write: curl -T FILE http://HOST:8080/"},
};

inline constexpr std::array exit_statuses = {
    Term{"0", "stopped by a signal, or the text that was asked for is printed"},
    Term{"64", "wrong command line"},
    Term{"66", "ROOT cannot be opened"},
    Term{"67", "the user or group of --user does not exist"},
    Term{"69", "the address is in use, or is not this machine's"},
    Term{"71", "the kernel refuses what quoitd needs"},
    Term{"73", "a log or a socket cannot be created"},
    Term{"77", "permission denied"},
    Term{"78", "wrong environment or configuration file"},
};

inline constexpr std::array files = {
    Term{"/etc/mime.types",
         "content types by file name extension; read where it exists, at the start and on SIGHUP"},
    Term{".quoit-*",
         "an upload in progress, beside the file that it becomes. A server that starts "
         "writable removes those that a dead one left"},
};

inline constexpr std::array signals = {
    Term{"SIGTERM, SIGINT",
         "go on for the time of --drain-delay, then finish the requests in flight, for the time of "
         "--grace, and exit. A second signal ends them at once"},
    Term{"SIGHUP",
         "read the options again and open the log files again. A mistake leaves the old options in "
         "use, and requests in flight end with those that they began with"},
    Term{"SIGUSR1", "open the log files again, as logrotate needs it"},
    Term{"SIGUSR2", "print the counters of each worker on standard error"},
};

}  // namespace server::texts
