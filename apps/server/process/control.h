// Control: the living server's side of --control. Another server that connects takes its listening
// sockets and its place.
//
// One process is served at a time, and each step has a time limit, so that a peer that hangs or
// dies costs nothing: until it has said that it is ready, this server accepts as before. Used by
// the main thread, whose poll(2) waits for fd() and wait_ms(); no call waits.
// Covered by tests/server/process/control_test.cc and tests/end_to_end/replacement_test.cc.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "apps/options/exit_reason.h"
#include "apps/server/listen/listener.h"
#include "apps/server/process/control_message.h"
#include "uring/fd.h"
#include "uring/monotonic.h"

namespace server {

// The index of an endpoint, and the address, by which the control socket itself is offered.
inline constexpr std::uint8_t control_endpoint = 255;
inline constexpr const char* control_address = "control";

class Control {
 public:
  enum class Event : std::uint8_t {
    none,
    replaced,  // successor() is ready: this server has to drain, and to call confirm()
    failed,    // successor() did not become ready: this server goes on
  };

  // The listeners outlive this object; `admin` may have no sockets. `path` is that of the socket
  // file.
  Control(Listeners& files, Listeners& admin, const std::string& path);
  ~Control() { close(); }
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  // Makes the socket file, or uses `taken`, the socket of the server that was replaced, for which
  // no memory is allocated.
  options::ExitReason open(uring::Fd taken);

  // The descriptor to wait for until it is readable; -1: none.
  int fd() const;
  // How long to wait for it at `now_ms` of the monotonic clock; -1: without limit.
  int wait_ms(uring::Milliseconds now_ms) const;
  // Continues. To be called when fd() is readable or wait_ms() has passed. Without memory for a
  // step the other server is refused, and this one goes on.
  Event advance(uring::Milliseconds now_ms);

  // To be called after Event::replaced, when this server accepts no longer: the other one begins
  // to. Two servers that await connections of one socket would hinder each other: the kernel wakes
  // one.
  void confirm();

  // Another server is about to replace this one.
  bool is_busy() const { return peer_.valid() && step_ == Step::ready; }
  // It has to be ready by then, on the monotonic clock, because this server is to stop.
  void hurry(uring::Milliseconds deadline_ms);
  // The process that replaces this one, as the kernel knows it; 0: none has tried.
  pid_t successor() const { return successor_; }

  // Refuses other servers, and removes the file unless a successor has it.
  void close();

 private:
  enum class Step : std::uint8_t { take, ready, released };

  Event step(uring::Milliseconds now_ms);
  void accept_peer(uring::Milliseconds now_ms);
  bool offer();
  Event take(const ControlMessage& message, uring::Milliseconds now_ms);
  Event release(const ControlMessage& message);
  void refuse(const char* reason);
  Event give_up(const char* reason);

  Listeners& listeners_;  // of the served files
  Listeners& admin_;      // of the admin listener
  const std::string path_;
  const std::string no_memory_;          // a message, written while there is memory
  bool owns_path_ = false;               // the file is to be removed
  uring::Fd socket_;                     // accepts other servers
  uring::Fd peer_;                       // the server that replaces this one
  Step step_ = Step::take;               // the next message, of the peer or (released) to it
  uring::Milliseconds deadline_ms_ = 0;  // of the peer's next message
  uring::Milliseconds resumes_ms_ = 0;   // accepting pauses until then; 0: it does not
  std::size_t offered_ = 0;              // sockets, with the control socket
  pid_t successor_ = 0;
};

}  // namespace server
