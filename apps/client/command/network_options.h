// The rows of the options that decide how a request reaches its server: proxies, credentials, TLS,
// time limits and retries.
//
// Used by option_table.cc alone. Covered by tests/client/command/option_table_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "apps/client/command/verb.h"
#include "apps/options/table.h"

namespace client {

constexpr options::Verbs mask(Verb verb) { return 1U << static_cast<unsigned>(verb); }

// The verbs that have to do with a server.
inline constexpr options::Verbs transfers = mask(Verb::get) | mask(Verb::put) | mask(Verb::head) |
                                            mask(Verb::remove) | mask(Verb::ls) | mask(Verb::sync);

inline constexpr std::string_view requests = "Requests";
inline constexpr std::string_view credentials = "Credentials";
inline constexpr std::string_view tls = "TLS";
inline constexpr std::string_view times = "Time limits and retries";

// A longer time limit is a mistake: five weeks.
inline constexpr std::uint64_t longest_ms = 3'000'000'000;

inline constexpr std::array network_rows = {
    options::Option{
        .name = "proxy",
        .metavar = "URL",
        .section = requests,
        .help = "send all requests to the proxy URL, in place of those of http_proxy, https_proxy "
                "and all_proxy",
        .allowed = "an http:// URL",
        .example = "http://proxy.example.org:3128",
        .verbs = transfers},
    options::Option{
        .name = "noproxy",
        .metavar = "LIST",
        .section = requests,
        .help = "hosts to connect to without a proxy, in place of no_proxy: names with all below "
                "them, addresses, networks, or *",
        .allowed = "names, addresses and networks, separated by commas",
        .example = "localhost,example.org,10.0.0.0/8",
        .verbs = transfers},
    options::Option{.name = "unix-socket",
                    .kind = options::Kind::file,
                    .metavar = "PATH",
                    .section = requests,
                    .help = "connect to the unix socket PATH instead of the URL's host",
                    .allowed = "the path of a socket",
                    .example = "/run/quoit.sock",
                    .verbs = transfers},

    options::Option{
        .name = "user",
        .short_name = 'u',
        .metavar = "NAME[:PASSWORD]",
        .section = credentials,
        .help = "log in as NAME; without PASSWORD, which others see in the list of processes, "
                "the terminal asks for it",
        .allowed = "a name, or a name, a colon and a password",
        .example = "alice",
        .verbs = transfers},
    options::Option{.name = "token-file",
                    .kind = options::Kind::file,
                    .metavar = "FILE",
                    .section = credentials,
                    .help = "log in with the token in the first line of FILE",
                    .allowed = "the path of a file with a token",
                    .example = "token",
                    .verbs = transfers},
    options::Option{
        .name = "netrc",
        .kind = options::Kind::flag,
        .section = credentials,
        .help = "log in with the name and the password that $NETRC or ~/.netrc has for the host",
        .verbs = transfers},
    options::Option{.name = "netrc-file",
                    .kind = options::Kind::file,
                    .metavar = "FILE",
                    .section = credentials,
                    .help = "as --netrc, with FILE",
                    .allowed = "the path of a file in the format of .netrc",
                    .example = "netrc",
                    .verbs = transfers},

    options::Option{
        .name = "cacert",
        .kind = options::Kind::file,
        .metavar = "FILE",
        .section = tls,
        .help = "trust the certificate authorities of FILE instead of those of the system",
        .allowed = "the path of a file with certificates (PEM)",
        .example = "authority.crt",
        .verbs = transfers},
    options::Option{.name = "cert",
                    .short_name = 'E',
                    .kind = options::Kind::file,
                    .metavar = "FILE",
                    .section = tls,
                    .help = "show the server the certificate of FILE",
                    .allowed = "the path of a file with a certificate (PEM)",
                    .example = "me.crt",
                    .verbs = transfers},
    options::Option{.name = "key",
                    .kind = options::Kind::file,
                    .metavar = "FILE",
                    .section = tls,
                    .help = "the private key of --cert, where that file does not have it",
                    .allowed = "the path of a file with a key (PEM)",
                    .example = "me.key",
                    .verbs = transfers},
    options::Option{.name = "insecure",
                    .short_name = 'k',
                    .kind = options::Kind::flag,
                    .section = tls,
                    .help = "accept any certificate: others may then answer in the server's place",
                    .verbs = transfers},

    options::Option{
        .name = "connect-timeout",
        .kind = options::Kind::seconds,
        .metavar = "SECONDS",
        .section = times,
        .help = "time to look up the host, to connect to each address, and for TLS; 0: no limit",
        .default_text = "10",
        .example = "2.5",
        .most = longest_ms,
        .verbs = transfers},
    options::Option{.name = "idle-timeout",
                    .kind = options::Kind::seconds,
                    .metavar = "SECONDS",
                    .section = times,
                    .help = "time without a byte received or sent; 0: no limit",
                    .default_text = "60",
                    .example = "5",
                    .most = longest_ms,
                    .verbs = transfers},
    options::Option{.name = "max-time",
                    .kind = options::Kind::seconds,
                    .metavar = "SECONDS",
                    .section = times,
                    .help = "time for the whole run",
                    .default_text = "0",
                    .default_note = "no limit",
                    .example = "600",
                    .most = longest_ms,
                    .verbs = transfers},

    options::Option{.name = "limit-rate",
                    .kind = options::Kind::bytes,
                    .metavar = "BYTES",
                    .section = times,
                    .help = "move at most BYTES a second, all files together",
                    .default_text = "0",
                    .default_note = "no limit",
                    .example = "2M",
                    .verbs = transfers},
    options::Option{
        .name = "speed-limit",
        .kind = options::Kind::bytes,
        .metavar = "BYTES",
        .section = times,
        .help = "a transfer that is slower than BYTES a second for --speed-time has failed",
        .default_text = "0",
        .default_note = "none",
        .example = "10K",
        .verbs = transfers},
    options::Option{.name = "speed-time",
                    .kind = options::Kind::seconds,
                    .metavar = "SECONDS",
                    .section = times,
                    .help = "the time over which --speed-limit is measured",
                    .default_text = "30",
                    .example = "10",
                    .least = 1,
                    .most = longest_ms,
                    .verbs = transfers},
    options::Option{
        .name = "retry",
        .kind = options::Kind::count,
        .metavar = "N",
        .section = times,
        .help = "try again up to N times after a refused or broken connection, a time limit, or "
                "a status of 408, 429, 500, 502, 503 or 504; Retry-After decides the pause",
        .default_text = "0",
        .example = "5",
        .most = 1000,
        .verbs = transfers},
    options::Option{.name = "retry-delay",
                    .kind = options::Kind::seconds,
                    .metavar = "SECONDS",
                    .section = times,
                    .help = "the pause before another try, where Retry-After says nothing",
                    .default_text = "0",
                    .default_note = "1, 2, 4 ... 60",
                    .example = "3",
                    .most = longest_ms,
                    .verbs = transfers},
};

}  // namespace client
