// Script: a whole connection as one input, raw bytes with events in between.
//
// The bytes of an input are those that one side sends. 0xff, which no message needs, begins an
// event: its letter follows, and for some letters one or two bytes of number. An input is therefore
// still HTTP to a mutator of HTTP, and any sequence of bytes is a valid script.
//
//   .        ends the piece: all bytes so far are handled before the next piece arrives
//   ,        ends the piece, but only one loop iteration runs before the next piece arrives
//   F R      the sender shuts down its sending side; resets the connection. Later bytes are not
//   sent T n      n quarters of a second pass W n  O   the sender reads 16 n more bytes; it reads
//   everything again E n k    the n-th operation from here fails in way k M n      the n-th
//   operation from here moves one byte at most D n      the n-th operation from here completes late
//   P n      receives return n bytes at a time, from the start
//   B h l    (256 h + l) times 8 letters, as bytes of the sender
//   C n      settings of the run, defined by each target; the last event of this kind counts
//   Q        at the end the sender stays silent instead of closing the connection
//   S K      the program under test is asked to end, as by SIGTERM; is ended at once
//   0xff     0xff as a byte; any other letter ends the piece
//
// Covered by the replay of corpus/connection and corpus/client.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

struct Event {
  char letter = '.';      // '"' for bytes
  std::uint8_t n = 0;     // the first number
  std::uint8_t k = 0;     // the second
  std::size_t begin = 0;  // of bytes in Script::bytes
  std::size_t size = 0;
};

// All bytes of the sender, and the events in their order.
class Script {
 public:
  explicit Script(std::string_view input) {
    bytes.reserve(input.size());
    while (!input.empty()) {
      const std::size_t plain = std::min(input.find(escape), input.size());
      add(input.substr(0, plain));
      input.remove_prefix(plain);
      if (!input.empty()) take_event(input);
    }
  }

  // True if the script contains the event.
  [[nodiscard]] bool has(char letter) const {
    return std::any_of(events.begin(), events.end(),
                       [letter](const Event& event) { return event.letter == letter; });
  }

  std::string bytes;
  std::vector<Event> events;
  std::uint8_t settings = 0;       // n of the last C
  std::uint8_t receive_bytes = 0;  // n of the last P
  std::int64_t duration_ms = 0;    // the sum of all T
  bool stays_silent = false;       // Q
  static constexpr int tick_ms = 250;

 private:
  static constexpr char escape = '\xff';
  // More events, or more letters from B, make a run slow and reach no new behaviour.
  static constexpr std::size_t most_events = 256;
  static constexpr std::size_t most_letters = 320 * 1024;

  void take_event(std::string_view& rest) {
    Event event{.letter = rest.size() > 1 ? rest[1] : '.'};
    rest.remove_prefix(std::min<std::size_t>(rest.size(), 2));
    if (event.letter == escape) return add("\xff");
    if (event.letter == '"') event.letter = '.';
    const bool has_number = std::string_view("TWEMDPBC").find(event.letter) != std::string::npos;
    if (has_number) event.n = next_byte(rest);
    if (event.letter == 'E' || event.letter == 'B') event.k = next_byte(rest);
    switch (event.letter) {
      case 'B': return add_letters(std::size_t{event.n} * 256 + event.k);
      case 'C': settings = event.n; return;
      case 'P': receive_bytes = event.n; return;
      case 'Q': stays_silent = true; return;
      case 'F':
      case 'R': ended_ = true; break;
      case 'T': duration_ms += std::int64_t{event.n} * tick_ms; break;
      default: break;
    }
    if (events.size() < most_events) events.push_back(event);
  }

  static std::uint8_t next_byte(std::string_view& rest) {
    if (rest.empty()) return 0;
    const auto byte = static_cast<std::uint8_t>(rest.front());
    rest.remove_prefix(1);
    return byte;
  }

  void add(std::string_view piece) {
    if (piece.empty() || ended_) return;
    const std::size_t begin = bytes.size();
    bytes.append(piece);
    if (!events.empty() && events.back().letter == '"') {
      events.back().size += piece.size();
    } else {
      events.push_back({.letter = '"', .begin = begin, .size = piece.size()});
    }
  }

  void add_letters(std::size_t eighths) {
    const std::size_t count = std::min(eighths * 8, most_letters - letters_);
    letters_ += count;
    std::string letters(count, '\0');
    for (std::size_t i = 0; i < count; ++i) letters[i] = static_cast<char>('a' + (i + i / 64) % 26);
    add(letters);
  }

  bool ended_ = false;
  std::size_t letters_ = 0;
};

}  // namespace fuzz
