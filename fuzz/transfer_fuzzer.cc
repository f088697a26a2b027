// Fuzzes the decisions of a download by playing a server against them. The first byte of the input
// is the settings of the run, and each response takes two bytes: how the server answers, and a
// number. The server changes its file, cuts, ignores conditions and lies about ranges and sizes;
// only its tags and dates are always those of the bytes beside them. When the input has ended, it
// is an honest server.
//
// Oracles:
//   - a finished download is one version of the file, byte for byte
//   - a stream never gets a byte that is not of its version
//   - the download ends: a few requests after the server has become honest
// Covered by the replay of corpus/transfer in every build.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apps/client/command/transfer.h"
#include "fuzz/require.h"
#include "parser/parse.h"

namespace {

using client::ExitCode;
using client::Next;
using client::Outcome;
using client::Transfer;
using client::Verdict;
using fuzz::require;

enum Behaviour : unsigned {
  kind_mask = 7,  // 0, 1: honest; see answer()
  ignores_condition = 2,
  shifts_range = 3,
  lies_about_size = 4,
  sends_all = 5,
  not_satisfiable = 6,
  busy = 7,
  changes = 8,
  omits_validator = 16,
  cuts = 32,
  in_chunks = 64,
  sends_less = 128,
};

std::string content_of(unsigned version) {
  std::string bytes(1 + version * 37 % 60, '\0');
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    bytes[at] = static_cast<char>('a' + (version * 7 + at * (version + 3)) % 26);
  }
  return bytes;
}

// The server.
class Server {
 public:
  explicit Server(bool has_dates) : has_dates_(has_dates) {}

  struct Answer {
    std::string head;
    std::string body;
    bool is_cut = false;
  };

  Answer answer(const Transfer& transfer, unsigned behaviour, unsigned number) {
    if ((behaviour & changes) != 0) ++version_;
    Answer made = whole_answer(transfer, behaviour, number);
    if ((behaviour & cuts) != 0) {
      made.body.resize(std::min<std::size_t>(made.body.size(), number));
      made.is_cut = true;
    }
    return made;
  }
  [[nodiscard]] unsigned version() const { return version_; }
  // The validator of the present version.
  [[nodiscard]] std::string validator() const {
    if (!has_dates_) return "\"v" + std::to_string(version_) + "\"";
    const unsigned minute = version_ % 60;
    return "Sun, 06 Nov 1994 08:" + std::to_string(minute / 10) + std::to_string(minute % 10) +
           ":37 GMT";
  }

 private:
  std::string fields(unsigned behaviour, std::size_t size) const {
    std::string text = "Date: Sun, 06 Nov 1994 10:49:37 GMT\r\n";
    if ((behaviour & omits_validator) == 0) {
      text += (has_dates_ ? "Last-Modified: " : "ETag: ") + validator() + "\r\n";
    }
    text += (behaviour & in_chunks) != 0 ? std::string("Transfer-Encoding: chunked")
                                         : "Content-Length: " + std::to_string(size);
    return text + "\r\n\r\n";
  }

  Answer whole_answer(const Transfer& transfer, unsigned behaviour, unsigned number) {
    const std::string content = content_of(version_);
    const unsigned kind = behaviour & kind_mask;
    if (kind == busy) return {"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", ""};
    const std::optional<std::uint64_t> start = client::range_start(transfer);
    const bool fits = transfer.version.validator == validator() || kind == ignores_condition ||
                      kind == shifts_range || kind == lies_about_size || kind == not_satisfiable;
    if (!start || !fits || kind == sends_all) {
      return {"HTTP/1.1 200 OK\r\n" + fields(behaviour, content.size()), content};
    }
    std::size_t first = static_cast<std::size_t>(*start);
    if (kind == shifts_range) first = number % content.size();
    if (first >= content.size() || kind == not_satisfiable) {
      return {"HTTP/1.1 416 No\r\nContent-Range: bytes */" + std::to_string(content.size()) +
                  "\r\n" + fields(behaviour & ~unsigned{in_chunks}, 0),
              ""};
    }
    std::size_t count = content.size() - first;
    if ((behaviour & sends_less) != 0) count = 1 + number % count;
    // A size that the client does not know yet, it has to believe.
    const bool lies = kind == lies_about_size && transfer.version.size;
    const std::size_t size = content.size() + (lies ? 1 + number % 3 : 0);
    return {"HTTP/1.1 206 Part\r\nContent-Range: bytes " + std::to_string(first) + "-" +
                std::to_string(first + count - 1) + "/" + std::to_string(size) + "\r\n" +
                fields(behaviour, count),
            content.substr(first, count)};
  }

  const bool has_dates_;
  unsigned version_ = 0;
};

// The client, without its sockets and files.
class Client {
 public:
  explicit Client(bool is_stream) { transfer_.can_restart = true, is_stream_ = is_stream; }

  [[nodiscard]] const Transfer& transfer() const { return transfer_; }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

  Next take(const Server::Answer& answer, const client::Settings& settings) {
    http1::ResponseHead head;
    std::string text = answer.head;
    require(http1::parse_response(text, head, http1::Method::get) == http1::Progress::done,
            "the server sends HTTP");
    const Outcome outcome = outcome_of(answer, head);
    const client::Step step = client::next_step(transfer_, outcome, {.settings = settings});
    if (step.begins_anew) {
      require(!has_printed(), "no byte of a stream is taken back");
      bytes_.clear();
    }
    require(step.pause_ms >= 0, "a pause is not negative");
    return step.next;
  }

 private:
  [[nodiscard]] bool has_printed() const { return is_stream_ && !bytes_.empty(); }

  Outcome outcome_of(const Server::Answer& answer, const http1::ResponseHead& head) {
    const Verdict verdict = client::judge(transfer_, head);
    if (verdict == Verdict::misfits) {
      return {.failure = {.code = ExitCode::weird_reply}, .misfits = true};
    }
    if (verdict == Verdict::refuses) {
      return {.failure = {.code = ExitCode::http_error, .status = head.status()}};
    }
    if (verdict == Verdict::completes) return {.is_complete = true};
    return take_body(answer, head, verdict);
  }

  Outcome take_body(const Server::Answer& answer, const http1::ResponseHead& head,
                    Verdict verdict) {
    client::begin_body(transfer_, verdict, client::version_of(head, 784111777));
    if (verdict == Verdict::begins) {
      require(!has_printed(), "no byte of a stream is taken back");
      bytes_.clear();
      transfer_.can_restart = !is_stream_;
    }
    bytes_.resize(static_cast<std::size_t>(transfer_.held));
    bytes_ += answer.body;
    transfer_.held = bytes_.size();
    Outcome outcome{.moved = answer.body.size()};
    const bool is_short =
        verdict == Verdict::continues && answer.body.size() < client::range_size(head);
    const bool is_short_of_length =
        head.body().kind == http1::BodyKind::length && answer.body.size() < head.body().length;
    const bool is_cut = answer.is_cut && head.body().kind == http1::BodyKind::chunked;
    if (is_short || is_short_of_length || is_cut) {
      outcome.failure.code = ExitCode::partial_file;
    } else {
      outcome.is_complete = !transfer_.version.size || transfer_.held == *transfer_.version.size;
    }
    return outcome;
  }

  Transfer transfer_;
  std::string bytes_;
  bool is_stream_ = false;
};

bool is_a_version(std::string_view bytes, unsigned newest) {
  for (unsigned version = 0; version <= newest; ++version) {
    if (content_of(version) == bytes) return true;
  }
  return false;
}

bool begins_a_version(std::string_view bytes, unsigned newest) {
  for (unsigned version = 0; version <= newest; ++version) {
    if (content_of(version).starts_with(bytes)) return true;
  }
  return false;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz::text_of_input(data, size).substr(0, 101);
  const auto take = [&input] {
    const unsigned byte = input.empty() ? 0 : static_cast<unsigned char>(input.front());
    input.remove_prefix(std::min<std::size_t>(input.size(), 1));
    return byte;
  };
  const unsigned chosen = take();
  const client::Settings settings{.retries = chosen >> 2 & 3, .retry_delay_ms = 1};
  Server server((chosen & 1) != 0);
  Client client((chosen & 2) != 0);
  // A misfit, a new version, the rest of it and a last byte.
  constexpr int most_honest = 6;
  for (int honest = 0; honest < most_honest;) {
    if (input.empty()) ++honest;
    const unsigned behaviour = take();
    const unsigned number = take();
    const Server::Answer answer = server.answer(client.transfer(), behaviour, number);
    const Next next = client.take(answer, settings);
    require(client.bytes().size() == client.transfer().held || next != Next::finish,
            "the bytes that count are there");
    require(begins_a_version(client.bytes(), server.version()), "the bytes are of one version");
    if (next == Next::give_up) return 0;
    if (next == Next::ask) continue;
    require(is_a_version(client.bytes(), server.version()), "the file is one version, whole");
    return 0;
  }
  require(false, "the download ends");
  return 0;
}
