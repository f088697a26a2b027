// Covered by tests/end_to_end/tls_test.cc.
#include "tests/support/tls_client.h"

#include <array>
#include <cstdlib>
#include <vector>

namespace test_support {

using crypto::TlsBuffers;
using crypto::TlsProgress;

TlsClient::TlsClient(RawClient raw, const crypto::ClientContext& context, const std::string& host,
                     const TlsClient* before)
    : raw_(std::move(raw)),
      session_(context.new_session(host, before ? before->session_.get() : nullptr)) {
  while (raw_.ok()) {
    std::vector<char> out(65536);
    TlsBuffers buffers{.in = received_, .out = out};
    const TlsProgress progress = session_->handshake(buffers);
    const std::string written(out.data(), out.size() - buffers.out.size());
    received_ = std::string(buffers.in);
    if (!written.empty()) raw_.send(written);
    is_done_ = progress == TlsProgress::done;
    if (progress != TlsProgress::wants_input || !receive()) break;
  }
}

bool TlsClient::receive() {
  std::array<char, 16384> bytes;
  const std::size_t count = raw_.read_some(bytes);
  received_.append(bytes.data(), count);
  return count > 0;
}

std::string TlsClient::encrypt(std::string_view bytes) {
  std::vector<char> out(bytes.size() + 65536);
  TlsBuffers buffers{.in = {}, .out = out};
  const std::size_t count = session_->write(buffers, bytes);
  if (count < bytes.size()) std::abort();  // more than one record
  return {out.data(), out.size() - buffers.out.size()};
}

bool TlsClient::send(std::string_view bytes, std::size_t record) {
  for (; is_done_ && !bytes.empty(); bytes.remove_prefix(std::min(record, bytes.size()))) {
    if (!raw_.send(encrypt(bytes.substr(0, record)))) return false;
  }
  return is_done_;
}

void TlsClient::close_session() {
  std::vector<char> out(4096);
  TlsBuffers buffers{.in = {}, .out = out};
  session_->close(buffers);
  raw_.send({out.data(), out.size() - buffers.out.size()});
}

// Decrypts all that has arrived. False: the stream has ended.
bool TlsClient::decrypt() {
  std::vector<char> out(4096);
  std::array<char, 16384> bytes;
  TlsBuffers buffers{.in = received_, .out = out};
  crypto::TlsSession::Read got{TlsProgress::done};
  while (got.progress == TlsProgress::done) {
    got = session_->read(buffers, bytes);
    plain_.append(bytes.data(), got.count);
  }
  received_ = std::string(buffers.in);
  return got.progress == TlsProgress::wants_input;
}

namespace {

// The size of the response at the front of `bytes`; 0 if it is not whole.
std::size_t size_of_response(const std::string& bytes, Response& response) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string::npos) return 0;
  response.head = bytes.substr(0, end + 4);
  response.status = std::atoi(bytes.substr(9, 3).c_str());
  const std::string length = response.field("content-length");
  const std::size_t size = length.empty() ? 0 : std::stoul(length);
  if (bytes.size() < end + 4 + size) return 0;
  response.body = bytes.substr(end + 4, size);
  response.whole = true;
  return end + 4 + size;
}

}  // namespace

Response TlsClient::read_response() {
  while (is_done_) {
    Response response;
    const std::size_t size = size_of_response(plain_, response);
    if (size > 0) {
      plain_.erase(0, size);
      return response;
    }
    const std::size_t before = plain_.size();
    const bool goes_on = decrypt();
    if (plain_.size() == before && (!goes_on || !receive())) break;
  }
  return {};
}

Response TlsClient::ask(std::string_view request) {
  send(request);
  return read_response();
}

std::string TlsClient::read_to_end() {
  while (is_done_ && decrypt() && receive()) {
  }
  return std::exchange(plain_, {});
}

}  // namespace test_support
