// The rows of the table of options about TLS.
//
// Covered by tests/server/config/option_table_test.cc.
#pragma once

#include <array>

#include "apps/options/table.h"

namespace server {

using options::Kind;
using options::Option;

inline constexpr std::array tls_options = {
    Option{.name = "tls-cert",
           .kind = Kind::file,
           .metavar = "FILE",
           .section = "TLS",
           .help = "certificate with its chain, in PEM format. All TCP addresses then speak TLS, "
                   "but for those with http: before them",
           .details =
               "Several pairs with --tls-key serve several names: the name that a client asks "
               "for chooses the certificate, and the first one serves other names. SIGHUP "
               "reads the files again.",
           .default_note = "HTTP without TLS",
           .example = "/etc/quoit/example.org.pem",
           .repeatable = true,
           .needs_new_process = true},
    Option{.name = "tls-key",
           .kind = Kind::file,
           .metavar = "FILE",
           .section = "TLS",
           .help = "private key of the certificate of --tls-cert, in PEM format without a "
                   "passphrase; for several certificates in their order",
           .example = "/etc/quoit/example.org.key",
           .repeatable = true,
           .needs_new_process = true},
    Option{.name = "tls-min",
           .kind = Kind::choice,
           .section = "TLS",
           .help = "oldest version of TLS that is accepted",
           .default_text = "1.2",
           .example = "1.3",
           .choices = "1.2|1.3"},
};

}  // namespace server
