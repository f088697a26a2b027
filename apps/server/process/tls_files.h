// The certificates and keys of a configuration, read at the start and at each reload.
//
// Used by the main thread. Covered by tests/end_to_end/tls_test.cc.
#pragma once

#include <memory>
#include <string>

#include "apps/crypto/server_context.h"
#include "apps/options/exit_reason.h"
#include "apps/server/config/config.h"

namespace server {

// Makes the context for the certificates of `config`, and for those of clients; null without any.
// `before` is the context that is in use, or null: its ticket keys are used again, unless the file
// of --tls-ticket-keys has others now, and it is returned itself if nothing has changed. Returns
// why a file cannot be used. Prints a warning about a certificate that is not valid any more, and
// about a list of revoked ones that expires within a week.
[[nodiscard]] options::ExitReason load_certificates(
    const Config& config, const std::shared_ptr<const crypto::ServerContext>& before,
    std::shared_ptr<const crypto::ServerContext>& context);

// The differences of two contexts, such as "certificates, ticket keys"; empty: nothing.
[[nodiscard]] std::string describe_change(const crypto::ServerContext& before,
                                          const crypto::ServerContext& after);

// For --check-config: why a file of TLS that `config` names cannot be used, or nothing.
[[nodiscard]] options::ExitReason check_certificates(const Config& config);

}  // namespace server
