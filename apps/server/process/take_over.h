// TakeOver: the new server's side of --control. It gets the listening sockets of a living server,
// starts, and takes its place.
//
// begin() comes before anything is opened, finish() when everything works and only the clients are
// missing. In between the living server accepts as before, so that a start that fails loses
// nothing. Both calls wait for the living server, for a limited time. Used by the main thread.
// Covered by tests/server/process/control_test.cc and tests/end_to_end/replacement_test.cc.
#pragma once

#include <string>
#include <vector>

#include "apps/options/exit_reason.h"
#include "apps/server/listen/passed_socket.h"
#include "apps/server/process/control_message.h"
#include "uring/fd.h"

namespace server {

class TakeOver {
 public:
  // Connects to the server behind `path`, if one is living, and gets its sockets. Returns why they
  // cannot be had, or nothing.
  options::ExitReason begin(const std::string& path);

  // The listening sockets of the living server; empty without one. The caller moves the ones out
  // that it uses.
  std::vector<PassedSocket>& sockets() { return sockets_; }

  // Closes the sockets that were not moved out, tells the living server that this one is ready, and
  // waits until it accepts no longer, for five seconds at most. Does nothing without a living
  // server.
  options::ExitReason finish();

  bool has_control_socket() const { return control_.valid(); }
  // The control socket of the server that was replaced; invalid without one.
  uring::Fd take_control_socket() { return std::move(control_); }

 private:
  options::ExitReason receive_offers(int timeout_ms);
  options::ExitReason add_offer(const ControlMessage& offer, std::vector<uring::Fd>& descriptors);
  options::ExitReason refusal(const std::string& reason) const;

  std::string path_;
  uring::Fd peer_;  // the living server; invalid: there is none
  uring::Fd control_;
  std::vector<PassedSocket> sockets_;
};

}  // namespace server
