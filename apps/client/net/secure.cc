// Records. Covered by tests/client/net/secure_test.cc.
#include "apps/client/net/secure.h"

#include <algorithm>
#include <array>
#include <sys/socket.h>
#include <utility>

namespace client {

using crypto::TlsBuffers;
using crypto::TlsFault;
using crypto::TlsProgress;
using crypto::TlsSession;

Decrypted decrypt(Secure& secure, std::span<char> plain, std::size_t& count) {
  std::array<char, TlsSession::least_out> written;
  TlsBuffers buffers{.in = {secure.received.data() + secure.begin, secure.end - secure.begin},
                     .out = written};
  const TlsSession::Read read = secure.session->read(buffers, plain);
  secure.begin = secure.end - buffers.in.size();
  secure.unsent.append(written.data(), written.size() - buffers.out.size());
  count += read.count;
  if (secure.unsent.size() > Secure::most_unsent) return Decrypted::failed;
  switch (read.progress) {
    case TlsProgress::done: return Decrypted::some;
    case TlsProgress::closed: return Decrypted::end;
    case TlsProgress::wants_input: return Decrypted::needs_bytes;
    default: return Decrypted::failed;
  }
}

std::span<char> space_for_records(Secure& secure) {
  if (secure.begin == secure.end) {
    secure.begin = secure.end = 0;
  } else if (secure.end == secure.received.size()) {
    std::copy(secure.received.data() + secure.begin, secure.received.data() + secure.end,
              secure.received.data());
    secure.end -= std::exchange(secure.begin, 0);
  }
  return std::span(secure.received).subspan(secure.end);
}

std::string_view encrypt(Secure& secure, std::string_view& plain) {
  const std::size_t before = secure.unsent.copy(secure.block.data(), secure.block.size());
  secure.unsent.erase(0, before);
  TlsBuffers buffers{.in = {}, .out = std::span(secure.block).subspan(before)};
  while (!plain.empty()) {
    const std::size_t count = secure.session->write(buffers, plain);
    if (count == 0) break;
    plain.remove_prefix(count);
  }
  if (secure.session->fault() != TlsFault::none) return {};
  return {secure.block.data(), secure.block.size() - buffers.out.size()};
}

std::string failure_with_advice(const TlsSession& session, std::string_view advice) {
  std::string text = session.failure();
  if (session.fault() == TlsFault::none) text = "the server asks for new keys too often";
  if (!session.is_certificate_refused()) return text.append(advice);
  return text.append(
      "; give a certificate that the server accepts with --cert FILE and --key FILE");
}

void end_tls(const Secure& secure, int fd) {
  if (!secure.session->is_established()) return;
  std::array<char, TlsSession::least_out> written;
  TlsBuffers buffers{.in = {}, .out = written};
  secure.session->close(buffers);
  [[maybe_unused]] const ssize_t sent =
      ::send(fd, written.data(), written.size() - buffers.out.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace client
