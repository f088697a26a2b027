// Model: the contents that each name may have at a time, while clients change and read it.
//
// A version is a number that one write gives to its content; version 0 is an absent file. One
// thread at a time writes a name. A reader registers before it sends its request: the response may
// show any version that was possible between then and the end of the reading. A write with an
// unknown outcome, such as one whose server was killed, leaves both versions possible.
// Covered by tests/soak/model_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

namespace soak {

using Version = std::uint64_t;
inline constexpr Version absent = 0;

enum class Outcome : std::uint8_t { stored, refused, unknown };

class Model {
  struct Entry;

 public:
  // A registered reader, which has to pass this to end_read() once.
  using Reading = std::list<std::vector<Version>>::iterator;

  // `names` files, which are all absent. All functions may be called by every thread.
  explicit Model(std::size_t names);

  // From now on `version` of the file `name` may be seen. No other write of the name is open.
  void begin_write(std::size_t name, Version version);
  // The write has ended. Stored: only its version is possible. Refused: it has changed nothing.
  void end_write(std::size_t name, Outcome outcome);

  Reading begin_read(std::size_t name);
  // The versions that were possible at any time since begin_read().
  std::vector<Version> end_read(std::size_t name, Reading reading);

  // The versions that are possible now.
  std::vector<Version> possible(std::size_t name);
  std::size_t names() const { return entries_.size(); }

 private:
  struct Entry {
    std::vector<Version> possible = {absent};
    std::vector<Version> before;  // the possible versions before the open write
    Version written = absent;     // by the open write
    std::list<std::vector<Version>> readings;
  };

  std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace soak
