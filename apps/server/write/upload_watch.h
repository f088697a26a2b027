// UploadWatch: ends the receiving of a body when a later request wants its upload.
//
// The registry signals an event descriptor, perhaps from another worker's thread. A root task on
// the worker of the body awaits it, and then stops the wait for the client. It lives a moment
// longer than the request. Covered by tests/server/write/resume_test.cc.
#pragma once

#include "apps/server/connection/connection.h"
#include "apps/server/write/stored_upload.h"
#include "uring/io.h"
#include "uring/task.h"

namespace server {

class UploadWatch {
 public:
  // Begins to watch for later requests for an upload, and sets UploadUse::stop_event. To be called
  // before take_use(). Null: memory or descriptors are exhausted.
  static UploadWatch* begin(Connection& c, StoredUpload& stored);
  // Ends it, after release_use(); `watch` may be null. It destroys itself.
  static void end(UploadWatch* watch);

  // Whether a later request wants the upload.
  bool is_taken_over() const { return is_taken_over_; }
  // While this is set, the wait of the connection is stopped when a later request comes.
  void set_receiving(bool receiving);

  uring::Frames frames() const { return io_.frames(); }

 private:
  UploadWatch(Connection& c, int event);
  static uring::Task<> await_event(UploadWatch& watch);
  static void destroy(UploadWatch* watch);

  uring::Io io_;
  const int event_;
  Connection* connection_;  // null: the request has ended
  bool is_receiving_ = false;
  bool is_taken_over_ = false;
  bool has_ended_ = false;  // its task has
};

}  // namespace server
