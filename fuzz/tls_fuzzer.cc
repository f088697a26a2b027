// Fuzzes the server's side of TlsSession: the input is a script (script.h) of the bytes that a
// client sends, in part by a session of ClientContext, whose messages the script delivers and
// damages.
//
//   bytes     are sent as they are
//   O         all that the client's session has to send, is sent
//   M n       the same, but 8 n bytes at most; the rest stays
//   D n       the client's next n bytes are lost
//   E n k     the client's next byte number n changes by the bits k
//   W n       the client encrypts n + 1 bytes of plain text
//   F         the client sends close_notify, and nothing after it
//   . ,       the server receives the bytes so far, and its answer goes to the client
//   C n       bits: 1 the server accepts 1.3 alone; 2 the client offers 1.2 at most; 4 the client
//             resumes a session; 8 it offers no protocol by ALPN, 16 it offers h2 alone; 32 the
//             calls of the server have the least memory for output
//
// Random bytes and the time are fixed, so that a session answers equal bytes with equal bytes. What
// the client has sent in the first run is given to further sessions, whole, byte by byte and cut at
// random. Oracles:
//   - all of these sessions send equal bytes, decrypt equal bytes, and end in the same way
//   - bytes are used from the front of the input, and written to the front of the output
//   - there is no plain text before the handshake is done, and none that the client has not
//   encrypted
//   - a failure has a reason, and is final: the session uses and writes nothing after it
//   - what a session writes is bounded
// Covered by the replay of corpus/tls in every build.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <type_traits>
#include <vector>

#include "apps/crypto/client_context.h"
#include "apps/crypto/server_context.h"
#include "apps/crypto/ticket_keys.h"
#include "apps/crypto/tls_session.h"
#include "fuzz/bytes.h"
#include "fuzz/fixed_tls.h"
#include "fuzz/require.h"
#include "fuzz/scratch.h"
#include "fuzz/script.h"

namespace {

using crypto::ClientContext;
using crypto::ServerContext;
using crypto::TlsBuffers;
using crypto::TlsFault;
using crypto::TlsProgress;
using crypto::TlsSession;
using crypto::TlsVersion;
using fuzz::RandomStream;
using fuzz::require;

constexpr std::uint64_t server_seed = 1;
constexpr std::uint64_t client_seed = 2;
constexpr std::size_t usual_out = 8192;
// Longer streams take long byte by byte, and reach no new behaviour.
constexpr std::size_t longest_stream = 40'000;
constexpr std::size_t longest_by_bytes = 4096;

enum Setting : unsigned {
  only_1_3 = 1,
  at_most_1_2 = 2,
  resumes = 4,
  no_protocol = 8,
  h2_alone = 16,
  least_memory = 32,
};

// The contexts, made once.
class Contexts {
 public:
  Contexts() {
    const fuzz::Scratch scratch;
    fuzz::use_random(random_);
    const std::string certificate = scratch.path() / "certificate";
    const std::string key = scratch.path() / "key";
    const std::string tickets = scratch.path() / "tickets";
    fuzz::write_certificate(certificate, key);
    write_ticket_key(tickets);
    crypto::Problem problem;
    const auto ticket_keys = crypto::TicketKeys::read(tickets, problem);
    for (const TlsVersion least : {TlsVersion::tls_1_2, TlsVersion::tls_1_3}) {
      servers_.push_back(ServerContext::make(
          {.pairs = {{certificate, key}}, .least = least, .ticket_keys = ticket_keys}, problem));
      require(servers_.back() != nullptr, "the server's context is made");
    }
    for (const TlsVersion most : {TlsVersion::tls_1_3, TlsVersion::tls_1_2}) {
      add_client(most, {"http/1.1"});
      add_client(most, {});
      add_client(most, {"h2"});
    }
  }

  std::unique_ptr<TlsSession> new_server(unsigned settings) const {
    return servers_[(settings & only_1_3) != 0 ? 1 : 0]->new_session();
  }
  std::unique_ptr<TlsSession> new_client(unsigned settings, const TlsSession* before) const {
    const std::size_t offer = (settings & no_protocol) != 0 ? 1
                              : (settings & h2_alone) != 0  ? 2
                                                            : 0;
    return clients_[offer + ((settings & at_most_1_2) != 0 ? 3 : 0)]->new_session("localhost",
                                                                                  before);
  }

 private:
  static void write_ticket_key(const std::string& path) {
    std::FILE* const file = std::fopen(path.c_str(), "we");
    require(file != nullptr, "the file of ticket keys can be made");
    for (std::size_t i = 0; i < crypto::TicketKey::bytes; ++i) std::fputc('k', file);
    std::fclose(file);
    ::chmod(path.c_str(), 0600);
  }
  void add_client(TlsVersion most, std::vector<std::string> protocols) {
    crypto::Problem problem;
    clients_.push_back(ClientContext::make(
        {.verifies = false, .protocols = std::move(protocols), .most = most}, problem));
    require(clients_.back() != nullptr, "the client's context is made");
  }

  RandomStream random_{0};
  std::vector<std::shared_ptr<const ServerContext>> servers_;
  std::vector<std::shared_ptr<const ClientContext>> clients_;
};

const Contexts& contexts() {
  static const Contexts made;
  return made;
}

// One side of a connection, with all that it has done.
class Side {
 public:
  Side(std::unique_ptr<TlsSession> made, std::uint64_t seed, std::size_t out_bytes)
      : session(std::move(made)), random_(seed), out_bytes_(out_bytes) {
    require(session != nullptr, "a session is made");
  }

  // Handles received bytes until the session wants more, has ended or has failed.
  void receive(std::string_view bytes) {
    if (ended()) return;
    arrived_.append(bytes);
    if (!session->is_established()) shake_hands();
    while (session->is_established() && !ended()) {
      if (!read_once()) break;
    }
  }

  void write(std::size_t count) {
    const std::string text(count, static_cast<char>('a' + count % 26));
    const std::size_t written =
        call([&](TlsBuffers& buffers) { return session->write(buffers, text); });
    require(written == count || session->fault() != TlsFault::none, "a record is written whole");
    encrypted.append(text, 0, written);
  }

  // Twice: the second time writes nothing.
  void close() {
    for (const bool is_first : {true, false}) {
      const std::size_t before = sent.size();
      call([&](TlsBuffers& buffers) {
        session->close(buffers);
        return 0;
      });
      require(is_first || sent.size() == before, "close_notify is written once");
    }
  }

  bool ended() const { return is_closed || session->fault() != TlsFault::none; }

  std::unique_ptr<TlsSession> session;
  std::string sent = {};       // all bytes that the session has written
  std::string plain = {};      // all bytes that it has decrypted
  std::string encrypted = {};  // all plain text that it was given
  std::size_t calls = 0;
  bool is_closed = false;  // the peer has sent close_notify

 private:
  // Makes a call with blocks of exactly the right size.
  template <class Call>
  std::invoke_result_t<Call, TlsBuffers&> call(const Call& make) {
    ++calls;
    const fuzz::Block in(arrived_);
    fuzz::Block out(out_bytes_);
    TlsBuffers buffers{.in = in.view(), .out = out.room()};
    fuzz::use_random(random_);
    const bool had_failed = session->fault() != TlsFault::none;
    const auto result = make(buffers);
    const std::size_t used = arrived_.size() - buffers.in.size();
    const std::size_t written = out_bytes_ - buffers.out.size();
    require(used <= arrived_.size() && buffers.in.data() == in.view().data() + used,
            "bytes are used from the front");
    require(written <= out_bytes_ && buffers.out.data() == out.data() + written,
            "bytes are written to the front");
    require(!had_failed || (used == 0 && written == 0), "a failed session does nothing");
    require((session->fault() == TlsFault::none) == session->failure().empty(),
            "a failure has a reason");
    sent.append(out.data(), written);
    arrived_.erase(0, used);
    return result;
  }

  void shake_hands() {
    TlsProgress progress = TlsProgress::wants_output;
    while (progress == TlsProgress::wants_output) {
      const std::size_t before = sent.size();
      progress = call([&](TlsBuffers& buffers) { return session->handshake(buffers); });
      require(progress != TlsProgress::wants_output || sent.size() == before + out_bytes_,
              "the output is full before more is wanted");
    }
    require(progress != TlsProgress::closed, "a handshake has no proper end before it is done");
    require((progress == TlsProgress::done) == session->is_established(), "a handshake is done");
    require((progress == TlsProgress::failed) == ended(), "a handshake that fails has failed");
    require(progress != TlsProgress::wants_input || arrived_.empty(), "all bytes are used");
    if (progress == TlsProgress::done) check_facts();
    if (progress == TlsProgress::failed) check_end();
  }

  // False: the session wants more bytes, or has ended.
  bool read_once() {
    fuzz::Block plain_block(std::size_t{1000});
    const TlsSession::Read got =
        call([&](TlsBuffers& buffers) { return session->read(buffers, plain_block.room()); });
    require(got.count <= 1000 && (got.count > 0) == (got.progress == TlsProgress::done),
            "plain text is read exactly if the call is done");
    plain.append(plain_block.data(), got.count);
    if (got.progress == TlsProgress::done) {
      if (answers) write(got.count);
      return true;
    }
    require(got.progress != TlsProgress::wants_input || arrived_.empty(), "all bytes are used");
    require((got.progress == TlsProgress::failed) == (session->fault() != TlsFault::none),
            "a read that fails has failed");
    is_closed = got.progress == TlsProgress::closed;
    require(is_closed == session->has_peer_closed(), "the peer has closed the session or not");
    if (ended()) check_end();
    return got.progress == TlsProgress::wants_output;
  }

  void check_facts() const {
    const std::string_view version = session->version();
    require(version == "TLSv1.2" || version == "TLSv1.3", "the version is one that is accepted");
    const std::string_view protocol = session->protocol();
    require(protocol.empty() || protocol == "http/1.1" || protocol == "http/1.0",
            "the protocol is one that is known");
  }

  // Nothing follows a failure.
  void check_end() {
    if (session->fault() == TlsFault::none) return;
    const TlsFault fault = session->fault();
    const std::string failure = session->failure();
    require(call([&](TlsBuffers& buffers) { return session->handshake(buffers); }) ==
                TlsProgress::failed,
            "a failure is final");
    if (session->is_established()) {
      require(call([&](TlsBuffers& buffers) { return session->write(buffers, "x"); }) == 0,
              "a failed session writes nothing");
    }
    require(session->fault() == fault && session->failure() == failure, "the reason stays");
  }

 public:
  bool answers = false;  // each piece of plain text with a record of its length

 private:
  RandomStream random_;
  const std::size_t out_bytes_;
  std::string arrived_ = {};
};

class Server : public Side {
 public:
  explicit Server(unsigned settings)
      : Side(contexts().new_server(settings), server_seed,
             (settings & least_memory) != 0 ? TlsSession::least_out : usual_out) {
    answers = true;
  }

  // A flight with the certificate, tickets, alerts, and an answer to each piece of plain text.
  void check_bounds() const {
    require(sent.size() <= 4096 + plain.size() + calls * TlsSession::record_overhead,
            "the output is bounded");
    require(session->is_established() || plain.empty(), "no plain text before the handshake");
  }
};

class Client : public Side {
 public:
  Client(unsigned settings, const TlsSession* before)
      : Side(contexts().new_client(settings, before), client_seed, usual_out) {}

  // The bytes that were written and not taken yet, at most `most`.
  std::string take(std::size_t most) {
    const std::size_t size = std::min(most, sent.size() - taken_);
    taken_ += size;
    return sent.substr(taken_ - size, size);
  }
  void damage(std::size_t position, std::uint8_t bits) {
    if (taken_ + position < sent.size()) {
      sent[taken_ + position] = static_cast<char>(sent[taken_ + position] ^ bits);
    }
  }

 private:
  std::size_t taken_ = 0;
};

// Takes both sides through a handshake, and returns the client, which has a ticket then.
std::unique_ptr<Client> connect_before(unsigned settings) {
  auto client = std::make_unique<Client>(settings, nullptr);
  Server server(settings & ~unsigned{least_memory});
  std::size_t delivered = 0;
  client->receive({});
  for (int i = 0; i < 4 && !client->ended(); ++i) {
    server.receive(client->take(client->sent.size()));
    client->receive(std::string_view(server.sent).substr(delivered));
    delivered = server.sent.size();
  }
  return client;
}

// Plays the script. All bytes that the server has received are added to `stream`.
void play(const fuzz::Script& script, Client& client, Server& server, std::string& stream) {
  std::string piece;
  std::size_t delivered = 0;  // of the bytes that the server has sent
  const auto deliver = [&] {
    stream += piece;
    server.receive(piece);
    piece.clear();
    if (!client.ended()) client.receive(std::string_view(server.sent).substr(delivered));
    delivered = server.sent.size();
  };
  client.receive({});
  for (const fuzz::Event& event : script.events) {
    const bool can_send = client.session->is_established() && !client.ended();
    switch (event.letter) {
      case '"': piece += script.bytes.substr(event.begin, event.size); break;
      case 'O': piece += client.take(client.sent.size()); break;
      case 'M': piece += client.take(std::size_t{event.n} * 8); break;
      case 'D': client.take(event.n); break;
      case 'E': client.damage(event.n, event.k); break;
      case 'W':
        if (can_send) client.write(std::size_t{event.n} + 1);
        break;
      case 'F':
        if (can_send) client.close();
        break;
      default: deliver(); break;
    }
  }
  deliver();
}

void require_same(const Server& first, const Server& second) {
  require(first.sent == second.sent, "equal bytes are answered with equal bytes");
  require(first.plain == second.plain, "equal bytes are decrypted to equal bytes");
  require(first.is_closed == second.is_closed, "the streams end in the same way");
  require(first.session->fault() == second.session->fault() &&
              first.session->failure() == second.session->failure(),
          "equal bytes fail for one reason");
  require(first.session->is_established() == second.session->is_established() &&
              first.session->is_empty() == second.session->is_empty(),
          "equal bytes lead to one state");
  if (!first.session->is_established()) return;
  require(first.session->is_resumed() == second.session->is_resumed() &&
              first.session->protocol() == second.session->protocol() &&
              std::string_view(first.session->cipher()) == second.session->cipher(),
          "equal bytes lead to one agreement");
}

void end(Server& server) {
  if (server.session->is_established() && server.session->fault() == TlsFault::none) server.close();
  server.check_bounds();
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Script script(fuzz::text_of_input(data, size));
  if (script.bytes.size() > longest_stream) return 0;
  const unsigned settings = script.settings;
  std::unique_ptr<Client> before;
  if ((settings & resumes) != 0) before = connect_before(settings);
  Client client(settings, before ? before->session.get() : nullptr);
  Server first(settings);
  std::string stream;
  play(script, client, first, stream);
  end(first);
  const bool begins_with_client = script.events.empty() || script.events.front().letter != '"';
  require(!begins_with_client || client.encrypted.starts_with(first.plain),
          "the plain text is that of the client");
  require(first.encrypted.starts_with(client.plain), "and that of the server");

  Server whole(settings);
  whole.receive(stream);
  end(whole);
  require_same(first, whole);
  fuzz::Random random(stream);
  for (const std::size_t longest : {std::size_t{1}, 2 + random.below(512)}) {
    if (longest == 1 && stream.size() > longest_by_bytes) continue;
    Server cut(settings);
    for (std::size_t begin = 0; begin < stream.size();) {
      const std::size_t count = longest == 1 ? 1 : 1 + random.below(longest);
      cut.receive(std::string_view(stream).substr(begin, count));
      begin += count;
    }
    end(cut);
    require_same(first, cut);
  }
  return 0;
}
