// Secure: the TLS session of a channel whose URL is https://, and its bytes to and from records.
//
// handshake.cc makes it, exchange.cc sends and receives through it, and all else sees plain text.
// Covered by tests/client/net/secure_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/crypto/tls_session.h"

namespace client {

struct Secure {
  // Of two records, so that a receive seldom ends within one.
  static constexpr std::size_t received_bytes = 2 * 16384 + 1024;
  // Of sixteen records: few system calls for a large upload.
  static constexpr std::size_t block_bytes = 16 * (16384 + 64);
  // The most answers that wait for the next request: 2,400 updates of keys, each of which a server
  // may ask for after any number of bytes.
  static constexpr std::size_t most_unsent = 64 * 1024;

  explicit Secure(std::unique_ptr<crypto::TlsSession> made) : session(std::move(made)) {}

  std::unique_ptr<crypto::TlsSession> session;
  // Received bytes that are not decrypted yet: received[begin, end).
  std::vector<char> received = std::vector<char>(received_bytes);
  std::size_t begin = 0;
  std::size_t end = 0;
  std::vector<char> block = std::vector<char>(block_bytes);  // records that are being sent
  std::string unsent = {};  // written by the session while it read; sent before the next record
};

enum class Decrypted : std::uint8_t {
  some,         // plain text was written
  needs_bytes,  // receive into space_for_records() and call again
  end,          // the server has ended its side as TLS demands (close_notify)
  failed,       // the session has failed, or `unsent` has more than most_unsent bytes
};
// Decrypts received bytes into `plain`, which is not empty, and adds the number of bytes of plain
// text to `count`.
[[nodiscard]] Decrypted decrypt(Secure& secure, std::span<char> plain, std::size_t& count);

// Where to receive the bytes of records. Not empty after decrypt() has returned needs_bytes.
[[nodiscard]] std::span<char> space_for_records(Secure& secure);

// Encrypts bytes from the front of `plain` and removes them from it. Returns the records, which are
// valid until the next call; empty if the session has failed.
[[nodiscard]] std::string_view encrypt(Secure& secure, std::string_view& plain);

// The failure of the session for a person, with what to do about it; `advice` for one that no
// certificate of the client would prevent.
[[nodiscard]] std::string failure_with_advice(const crypto::TlsSession& session,
                                              std::string_view advice);

// Tells the server that this side sends no more, if that is possible without waiting.
void end_tls(const Secure& secure, int fd);

}  // namespace client
