// Fuzzes resumable uploads: the input is a script of several clients that create, append to, ask
// for, delete and read a few uploads of one server, whose connections break, whose operations fail,
// and which is ended and started again.
//
// A script begins with two digits: settings, and the behaviour of the engine. Letters are events,
// with digits behind them; the low four bits of any byte are a digit. Other bytes are events, too.
//   C f t s   a PUT that creates an upload. f: 1 with Upload-Length, 2 If-None-Match: *, 4 in
//   chunks,
//             8 with a version of the draft. t: which target, 4 it completes the upload, 8 only its
//             head is sent for now. s: the size of the body; then the size that is announced
//   P u o s f a PATCH of upload u. o: 0 at the offset that was told, else another one. s: the size.
//             f: 1 completes the upload, 2 in chunks, 4 with a wrong digest, 8 only its head for
//             now
//   H u  X u  HEAD, DELETE of upload u       G t  GET of a target
//   S c n     client c sends n sixteenths more of its request
//   F c  R c  client c ends its stream, resets its connection
//   .  ,      runs until nothing happens any more; runs one loop iteration
//   T n       n seconds pass
//   E n k  M n  D n   the n-th operation from here fails, moves one byte, completes late
//   A         every upload that no request uses expires, and the server looks for such uploads
//   Q u       upload u becomes old, and the server does not look for it
//   B  K      the server ends and starts again; is killed, so that it does nothing more, and starts
//   V n       the file system has 4096 n more bytes; 15: any number
//
// Oracles (uploads_model.h):
//   - an offset that was told never decreases, and is that of bytes which were sent
//   - a target is the old file or a whole upload, byte for byte, also in answers to GET
//   - a request that is alone gets the one answer that is right
//   - an upload that was told, and was neither deleted nor expired, can be finished after any
//     failures, with all bytes right; a finished one says so
//   - the sweep of the next start, and the expiry after it, leave no file of an upload, and no
//     directory that was made for one; the registry counts what is on the disk
//   - every connection ends; no memory, buffer, frame or descriptor is left, and the frames of a
//     worker do not take more memory with each request
// Covered by the replay of corpus/uploads in every build.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <time.h>
#include <vector>

#include "apps/server/connection/worker_state.h"
#include "apps/server/files/expire_uploads.h"
#include "apps/server/files/sweep.h"
#include "apps/server/files/upload_registry.h"
#include "apps/server/serve.h"
#include "fuzz/require.h"
#include "fuzz/served_tree.h"
#include "fuzz/uploads_model.h"
#include "parser/parse.h"
#include "parser/upload_fields.h"
#include "uring/loop.h"
#include "uring/simulated.h"

namespace {

using fuzz::Entries;
using fuzz::Entry;
using fuzz::ModelAnswer;
using fuzz::ModelRequest;
using fuzz::ModelUpload;
using fuzz::require;
using http1::FieldName;
using Kind = ModelRequest::Kind;

constexpr std::int64_t expiry_s = 3600;
constexpr std::size_t most_body = 250'000;  // of --max-body, where a script sets it
constexpr std::size_t most_clients = 8;
constexpr std::size_t most_events = 64;
constexpr std::array<std::string_view, 4> targets = {"file", "new", "d/e/deep", "new"};
constexpr std::array<std::size_t, 16> sizes = {0,      1,      7,       100,    4096,    16'384,
                                               16'385, 65'535, 65'536,  65'537, 100'000, 131'072,
                                               3,      20'000, 249'999, 262'145};

fuzz::ServedTree& tree() {
  static fuzz::ServedTree made(Entries{{"file", {Entry::Kind::file, fuzz::old_content}}});
  return made;
}

// The events of a script.
class Events {
 public:
  explicit Events(std::string_view bytes) : rest_(bytes) {}
  bool at_end() const { return rest_.empty(); }
  char letter() { return next(); }
  unsigned digit() { return static_cast<unsigned char>(next()) & 15U; }

 private:
  char next() {
    if (rest_.empty()) return '0';
    const char first = rest_.front();
    rest_.remove_prefix(1);
    return first;
  }
  std::string_view rest_;
};

// A server on the simulated engine, which serves all runs.
struct Server {
  uring::Simulated engine;
  uring::Loop loop{engine};
  server::Claims claims;
  server::Shared shared{.claims = claims,
                        .generation = std::make_shared<const server::Generation>(
                            server::Generation{.cache_bytes = 64 * 1024 * 1024}),
                        .root = tree().root()};
  server::WorkerState worker{shared, loop};
  std::optional<server::UploadRegistry> registry;
};

Server& server_with(unsigned settings) {
  static Server made;
  auto next = std::make_shared<server::Generation>(made.worker.generation());
  server::Site site;
  site.writable = true;
  site.resumable = true;
  site.upload_expiry_s = expiry_s;
  if (settings & 2U) site.durability = server::Durability::full;
  if (settings & 4U) site.max_body = most_body;
  server::finish_site(site);
  next->site = site;
  next->most_connections = 1000;
  made.worker.adopt(std::make_unique<server::LiveGeneration>(next));
  made.worker.memory_device.reset();
  struct stat status {};
  if ((settings & 1U) && ::fstat(tree().root(), &status) == 0) {
    made.worker.memory_device = status.st_dev;
  }
  made.engine.reset();
  made.worker.files.invalidate_all();
  return made;
}

// The lowest descriptor that is free.
int free_descriptor() {
  const int fd = ::fcntl(tree().root(), F_DUPFD_CLOEXEC, 0);
  ::close(fd);
  return fd;
}

struct Client {
  int socket = -1;
  std::string bytes;     // of the request
  std::size_t sent = 0;  // how many of them were sent
  ModelRequest request;
  std::string target;     // of a GET
  bool is_alone = false;  // no other request was under way until its answer
  bool was_read = false;  // its answer was
};

class Run {
 public:
  explicit Run(unsigned settings)
      : server_(server_with(settings)), model_((settings & 4U) ? most_body : 0) {
    begin_server();
  }

  void play(Events& events) {
    set_behaviour(events.digit());
    for (std::size_t i = 0; i < most_events && !events.at_end(); ++i) act(events);
    end_connections(true);
    restart();
    finish_uploads();
    end_connections(true);
    sweep_all();
  }

 private:
  // --- Events ---

  void set_behaviour(unsigned digit) {
    behaviour_ = {.partial_progress = (digit & 1U) != 0,
                  .reorders_completions = (digit & 2U) != 0,
                  .success_beats_cancel = (digit & 4U) != 0,
                  .ends_multishots = (digit & 8U) != 0};
    engine_.set_behaviour(behaviour_);
  }

  void act(Events& events) {
    switch (events.letter()) {
      case 'C': return create(events);
      case 'P': return append(events);
      case 'H': return ask(Kind::head, upload_of(events.digit()));
      case 'X': return ask(Kind::remove, upload_of(events.digit()));
      case 'G': return get(std::string(targets[events.digit() % targets.size()]));
      case 'S': {
        Client* const client = client_of(events.digit());
        const std::size_t sixteenths = events.digit() + 1;
        if (client) send(*client, client->bytes.size() * sixteenths / 16 + 1);
        return;
      }
      case 'F': return end_client(events.digit(), false);
      case 'R': return end_client(events.digit(), true);
      case ',': loop_.iterate(0); return;
      case 'T': engine_.advance_clock(events.digit() * 1000); return settle();
      case 'E': return plan_error(events);
      case 'M': return plan(events.digit(), {.most = 1});
      case 'D': return plan(events.digit(), {.delay = 2});
      case 'A': return expire();
      case 'Q': return age(upload_of(events.digit()));
      case 'B': end_connections(false); return restart();
      case 'K': kill_server(); return restart();
      case 'V': return set_space(events.digit());
      default: return settle();
    }
  }

  ModelUpload* upload_of(unsigned digit) {
    std::vector<ModelUpload*> known;
    for (ModelUpload& upload : model_.uploads()) {
      if (!upload.url.empty()) known.push_back(&upload);
    }
    return known.empty() ? nullptr : known[digit % known.size()];
  }
  Client* client_of(unsigned digit) {
    return clients_.empty() ? nullptr : &clients_[digit % clients_.size()];
  }

  void create(Events& events) {
    const unsigned flags = events.digit();
    const unsigned target = events.digit();
    const std::size_t size = sizes[events.digit()];
    const std::size_t announced = sizes[events.digit()];
    ModelUpload* const upload = model_.add(std::string(targets[target % targets.size()]));
    if (!upload) return;
    // An upload does not remove the directories that an earlier one has made.
    if (upload->number > 0) may_leave_directories_ = true;
    upload->must_create = (flags & 2U) != 0;
    ModelRequest request{.kind = Kind::create, .upload = upload, .size = size};
    request.completes = (target & 4U) != 0;
    request.is_chunked = (flags & 4U) != 0;
    if (flags & 1U)
      upload->length = announced;
    else if (request.completes && !request.is_chunked)
      upload->length = size;
    std::string fields;
    if (flags & 1U) fields += "Upload-Length: " + std::to_string(announced) + "\r\n";
    if (flags & 2U) fields += "If-None-Match: *\r\n";
    if (flags & 8U) fields += "Upload-Draft-Interop-Version: 8\r\n";
    begin("PUT", "/" + upload->target, fields, request, (target & 8U) != 0);
  }

  void append(Events& events) {
    ModelUpload* const upload = upload_of(events.digit());
    const unsigned place = events.digit();
    ModelRequest request{.kind = Kind::append, .upload = upload, .size = sizes[events.digit()]};
    const unsigned flags = events.digit();
    request.completes = (flags & 1U) != 0;
    request.is_chunked = (flags & 2U) != 0;
    request.has_wrong_digest = (flags & 4U) != 0;
    if (upload) request.offset = place == 0 ? upload->told : upload->told / 2 + sizes[place];
    const std::size_t most = fuzz::most_upload_bytes;
    request.offset = std::min(request.offset, most);
    request.size = std::min(request.size, most - request.offset);
    std::string fields = "Content-Type: application/partial-upload\r\nUpload-Offset: " +
                         std::to_string(request.offset) + "\r\n";
    if (flags & 4U) fields += "Content-Digest: sha-256=:" + std::string(43, 'A') + "=:\r\n";
    begin("PATCH", url_of(upload), fields, request, (flags & 8U) != 0);
  }

  void ask(Kind kind, ModelUpload* upload) {
    begin(kind == Kind::head ? "HEAD" : "DELETE", url_of(upload), {},
          {.kind = kind, .upload = upload}, false);
  }

  void get(const std::string& target) {
    begin("GET", "/" + target, {}, {.kind = Kind::get}, false);
    if (!clients_.empty()) clients_.back().target = target;
  }

  static std::string url_of(const ModelUpload* upload) {
    return upload ? upload->url : "/.quoit-00000000000000000000000000000000.upload";
  }

  // Begins a request on a connection of its own, and sends all of it, or its head alone.
  void begin(std::string_view method, const std::string& target, const std::string& fields,
             ModelRequest request, bool only_head) {
    drop_ended_clients();
    if (clients_.size() == most_clients) settle();
    drop_ended_clients();
    if (clients_.size() == most_clients) return;
    model_.begin(request);
    Client client{.socket = engine_.connected(), .request = request};
    client.bytes.append(method).append(" " + target + " HTTP/1.1\r\nHost: a\r\n" + fields);
    const bool sends = request.kind == Kind::create || request.kind == Kind::append;
    if (sends) {
      const std::string_view complete = request.completes ? "?1" : "?0";
      client.bytes.append("Upload-Complete: ").append(complete).append("\r\n");
      append_body(client.bytes, request);
    } else {
      client.bytes += "\r\n";
    }
    client.is_alone = clients_.empty() && !is_hurt_;
    for (Client& other : clients_) other.is_alone = false;
    server::Connection* const c = worker_.admit(client.socket);
    if (c) server::start_serving(*c);
    clients_.push_back(std::move(client));
    Client& begun = clients_.back();
    send(begun, only_head ? begun.bytes.find("\r\n\r\n") + 4 : begun.bytes.size());
  }

  static void append_body(std::string& bytes, const ModelRequest& request) {
    const std::size_t number = request.upload ? request.upload->number : 0;
    const std::string_view body = fuzz::content_of(number).substr(request.offset, request.size);
    if (!request.is_chunked) {
      bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
      bytes += body;
      return;
    }
    bytes += "Transfer-Encoding: chunked\r\n\r\n";
    std::array<char, 32> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", body.size());
    if (!body.empty()) bytes.append(size.data()).append(body).append("\r\n");
    bytes += "0\r\n\r\n";
  }

  void send(Client& client, std::size_t most) {
    const std::string_view next = std::string_view(client.bytes).substr(client.sent, most);
    engine_.peer_sends(client.socket, next);
    client.sent += next.size();
  }

  void end_client(unsigned digit, bool resets) {
    Client* const client = client_of(digit);
    if (!client) return;
    client->is_alone = false;
    client->sent = client->bytes.size();
    if (resets)
      engine_.peer_resets(client->socket);
    else
      engine_.peer_finishes(client->socket);
  }

  // Failures that any operation may have, on the network or of a file.
  void plan_error(Events& events) {
    may_leave_directories_ = true;
    static constexpr std::array errors = {EIO, ENOMEM, EMFILE, ENOSPC, ECONNRESET, ENOBUFS};
    const unsigned from_here = events.digit();
    plan(from_here, {.error = errors[events.digit() % errors.size()]});
    is_hurt_ = true;
  }

  void plan(unsigned from_here, uring::Simulated::FaultPlan fault) {
    engine_.plan_fault(engine_.started() + 1 + from_here, fault);
    if (fault.most > 0) is_hurt_ = true;  // a short send breaks a connection
  }

  void set_space(unsigned digit) {
    engine_.set_free_bytes(digit == 15 ? std::int64_t{1} << 40 : std::int64_t{4096} * digit);
    is_hurt_ = true;
  }

  // --- Time ---

  void expire() {
    settle();
    for (ModelUpload& upload : model_.uploads()) {
      upload.may_be_gone = true;
      upload.offset.reset();
    }
    clock_ms_ += (expiry_s + 1) * 1000;
    server::expire_uploads(tree().root(), *server_.registry, expiry_s,
                           server::file_time_ms() + clock_ms_);
  }

  // The times of its files, as if nothing had happened to it for longer than the expiry.
  void age(ModelUpload* upload) {
    if (!upload) return;
    upload->may_be_gone = true;
    for (Client& client : clients_) client.is_alone = false;
    std::string path = upload->url.substr(1, upload->url.rfind('.') - 1);
    const timespec old{.tv_sec = server::file_time_ms() / 1000 - expiry_s - 1, .tv_nsec = 0};
    const std::array<timespec, 2> times{old, old};
    for (const char* name : {".part", ".state"}) {
      ::utimensat(tree().root(), (path + name).c_str(), times.data(), 0);
    }
  }

  // --- The server ---

  void begin_server() {
    server_.registry.emplace();
    server_.shared.uploads = &*server_.registry;
  }

  // As a start does: a new registry learns of the uploads that are on the disk.
  void restart() {
    clients_.clear();
    engine_.reset();
    engine_.set_behaviour(behaviour_);
    is_hurt_ = false;
    begin_server();
    server::sweep(tree().root(), {.upload_expiry_s = expiry_s}, {}, &*server_.registry);
    clock_ms_ = 0;
  }

  // All operations fail from now on, so that nothing is put in order before the end.
  void kill_server() {
    constexpr std::uint64_t most_operations = 2000;
    const std::uint64_t next = engine_.started() + 1;
    for (std::uint64_t i = 0; i < most_operations; ++i)
      engine_.plan_fault(next + i, {.error = EIO});
    may_leave_directories_ = true;
    end_connections(false);
  }

  // Runs without advancing the clock until nothing more happens, and reads the answers.
  void settle() {
    int most = 200'000;
    const int enough = behaviour_.partial_progress ? 40 : 4;  // operations wait at random
    for (int quiet = 0; quiet < enough && most > 0; --most) {
      quiet = loop_.iterate(0) > 0 || engine_.delayed_completions() > 0 ? 0 : quiet + 1;
    }
    require(most > 0, "the server becomes idle without an endless loop");
    for (Client& client : clients_) read(client);
  }

  // Ends all connections: the clients do, or the server.
  void end_connections(bool by_clients) {
    for (Client& client : clients_) {
      if (by_clients) engine_.peer_finishes(client.socket);
    }
    if (by_clients) settle();
    if (!by_clients) worker_.connections.stop();
    int turns = 0;
    while (!worker_.connections.empty() && turns < 300'000) {
      loop_.iterate(uring::forever);
      ++turns;
    }
    require(worker_.connections.empty(), "all connections end");
    for (Client& client : clients_) {
      client.is_alone = false;
      read(client);
    }
    require(worker_.live == 0 && worker_.blocks.lent() == 0, "no connection and no block is left");
    require(loop_.frames().live() == 0, "no frame is left");
    require(engine_.buffers_in_use() == 0, "no provided buffer is left");
    require(engine_.open_files() == 0 && engine_.open_sockets() == 0, "no descriptor is left");
    constexpr std::size_t most_frame_bytes = 2 * 1024 * 1024;
    require(loop_.frames().bytes() < most_frame_bytes, "requests add no memory for frames");
    clients_.clear();
  }

  // --- Answers ---

  void drop_ended_clients() {
    std::erase_if(clients_, [&](const Client& client) { return engine_.closed(client.socket); });
    std::erase_if(clients_, [&](Client& client) {
      if (client.was_read && !engine_.closed(client.socket)) engine_.peer_finishes(client.socket);
      return client.was_read;
    });
  }

  void read(Client& client) {
    if (client.was_read) return;
    std::string_view stream = engine_.peer_received(client.socket);
    http1::ResponseHead head;
    const http1::Method method =
        client.request.kind == Kind::head ? http1::Method::head : http1::Method::put;
    while (true) {
      head.reset();
      const http1::Progress progress = http1::parse_response(stream, head, method);
      require(progress != http1::Progress::failed, "the server sends valid responses");
      if (progress == http1::Progress::more) break;
      if (head.status() == 104 || head.status() == 201) learn_url(client, head);
      stream.remove_prefix(head.size());
      if (head.status() >= 200) return take(client, head, stream);
    }
    const bool has_all = client.is_alone && client.sent == client.bytes.size() && !is_hurt_;
    require(!has_all || engine_.delayed_completions() > 0, "a request that is alone is answered");
  }

  static void learn_url(const Client& client, const http1::ResponseHead& head) {
    const std::string_view location = head.value_of(FieldName::location);
    if (client.request.kind == Kind::create && location.ends_with(".upload")) {
      client.request.upload->url = location;
    }
  }

  void take(Client& client, const http1::ResponseHead& head, std::string_view rest) {
    const std::uint64_t length =
        head.body().kind == http1::BodyKind::length ? head.body().length : 0;
    if (rest.size() < length) return;
    client.was_read = true;
    const http1::UploadFields fields = http1::read_upload_fields(head);
    const ModelAnswer answer{head.status(), fields.offset, fields.complete};
    fuzz::UploadModel::follow(client.request, answer);
    const bool is_judged = client.is_alone && client.sent == client.bytes.size() && !is_hurt_;
    if (is_judged) model_.judge(client.request, answer);
    if (client.request.kind == Kind::get && head.status() == 200) {
      const std::string_view body = rest.substr(0, static_cast<std::size_t>(length));
      require(model_.is_whole(client.target, body), "a sent file is whole");
    }
  }

  // --- The end ---

  // Sends a whole request alone and returns its answer.
  ModelAnswer answer_to(std::string_view method, const std::string& fields, ModelRequest request) {
    begin(method, request.upload->url, fields, request, false);
    settle();
    Client& client = clients_.back();
    http1::ResponseHead head;
    const http1::Method how = method == "HEAD" ? http1::Method::head : http1::Method::patch;
    const http1::Progress progress =
        http1::parse_response(engine_.peer_received(client.socket), head, how);
    require(progress == http1::Progress::done, "a request without faults is answered");
    const http1::UploadFields said = http1::read_upload_fields(head);
    return {head.status(), said.offset, said.complete};
  }

  // Every upload that still exists can be finished.
  void finish_uploads() {
    for (ModelUpload& upload : model_.uploads()) {
      if (upload.url.empty() || upload.may_be_gone) continue;
      const bool was_over = upload.is_over;
      const ModelAnswer state = answer_to("HEAD", {}, {.kind = Kind::head, .upload = &upload});
      require(state.status == 204, "an upload that was told is not lost");
      require(!was_over || state.complete == true, "a finished upload stays finished");
      if (state.complete == true) continue;
      if (upload.length.value_or(0) > fuzz::most_upload_bytes) continue;
      const std::size_t end = upload.length.value_or(*state.offset);
      ModelRequest rest{.kind = Kind::append, .upload = &upload, .offset = *state.offset};
      rest.size = end - rest.offset;
      rest.completes = true;
      const std::string fields = "Content-Type: application/partial-upload\r\nUpload-Offset: " +
                                 std::to_string(rest.offset) + "\r\n";
      const ModelAnswer last = answer_to("PATCH", fields, rest);
      const bool is_refused = upload.must_create && last.status == 412;
      require(is_refused || last.status == 201 || last.status == 204, "an upload can be finished");
      if (is_refused) continue;
      const Entries found = tree().scan();
      const auto file = found.find(upload.target);
      require(file != found.end() && file->second.content == upload.content().substr(0, end),
              "a finished upload is the file");
    }
  }

  // The next start sweeps, and then everything expires.
  void sweep_all() {
    engine_.reset();
    worker_.files.invalidate_all();  // which closes the files that it has open
    begin_server();
    server::sweep(tree().root(), {.upload_expiry_s = expiry_s}, {}, &*server_.registry);
    server::expire_uploads(tree().root(), *server_.registry, expiry_s,
                           server::file_time_ms() + 2 * expiry_s * 1000);
    require(server_.registry->size() == 0, "the registry forgets what is gone");
    const Entries found = tree().scan();
    for (const auto& [path, entry] : found) {
      require(path.find(server::temporary_prefix) == std::string::npos, "no other file is left");
      if (entry.kind == Entry::Kind::file) {
        require(model_.is_whole(path, entry.content), "every file is whole");
      } else {
        require(may_leave_directories_ || found.count("d/e/deep") > 0,
                "no directory is left without a file");
      }
    }
    tree().check_outside();
    tree().restore(found);
  }

  Server& server_;
  uring::Simulated& engine_ = server_.engine;
  uring::Loop& loop_ = server_.loop;
  server::WorkerState& worker_ = server_.worker;
  fuzz::UploadModel model_;
  std::vector<Client> clients_;
  uring::Simulated::Behaviour behaviour_;
  std::int64_t clock_ms_ = 0;  // by which expiry is ahead of the clock of files
  bool is_hurt_ = false;       // operations of this server fail, or may fail
  bool may_leave_directories_ = false;
};

void run(std::string_view script) {
  Events events(script);
  Run run(events.digit());
  run.play(events);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool is_warm = [] {
    run("00G0.");  // a worker opens descriptors of its own with the first file
    return true;
  }();
  const int free_before = free_descriptor();
  run(fuzz::text_of_input(data, size));
  require(is_warm && free_descriptor() == free_before, "no descriptor is left");
  return 0;
}
