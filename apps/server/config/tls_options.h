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
    Option{.name = "tls-ticket-keys",
           .kind = Kind::file,
           .metavar = "FILE",
           .section = "TLS",
           .help =
               "keys of session tickets, 80 random bytes each, as 'openssl rand 80' makes them. "
               "Clients then resume their sessions after a restart, and at all servers with "
               "this file",
           .details = "The first key encrypts new tickets, and all of them decrypt. SIGHUP reads "
                      "the file again.",
           .default_note = "random keys of the process, a new one every 12 hours",
           .example = "/etc/quoit/tickets",
           .needs_new_process = true},
    Option{.name = "tls-client-ca",
           .kind = Kind::file,
           .metavar = "FILE",
           .section = "TLS",
           .help = "authorities that sign certificates of clients, in PEM format. Clients are then "
                   "asked for a certificate, and --allow has rules for cert:NAME",
           .details = "NAME is the first e-mail address of a certificate, else its first DNS name, "
                      "else its common name. Without --allow, clients with a certificate may do "
                      "all and others nothing. SIGHUP reads the file again.",
           .default_note = "clients need no certificates",
           .example = "/etc/quoit/clients.pem",
           .needs_new_process = true},
    Option{.name = "tls-client-cert",
           .kind = Kind::choice,
           .section = "TLS",
           .help = "with --tls-client-ca: required refuses clients without a certificate in the "
                   "handshake, and optional serves them what --allow gives to others",
           .default_note = "required with --tls-client-ca",
           .example = "optional",
           .choices = "optional|required"},
    Option{.name = "tls-crl",
           .kind = Kind::file,
           .metavar = "FILE",
           .section = "TLS",
           .help = "lists of the certificates that these authorities have revoked, in PEM format. "
                   "Once a list has expired, no certificate is accepted",
           .details = "SIGHUP reads the file again.",
           .default_note = "none",
           .example = "/etc/quoit/clients.crl",
           .needs_new_process = true},
};

}  // namespace server
