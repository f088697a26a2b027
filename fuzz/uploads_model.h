// The model of resumable uploads for uploads_fuzzer.cc: what each upload may be by the answers so
// far.
//
// Every upload has a content of its own, and every request sends the bytes of that content at the
// offset that it names. So a byte of another offset or of another upload is visible in the target.
// Covered by the replay of corpus/uploads.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "fuzz/require.h"

namespace fuzz {

inline constexpr std::size_t most_uploads = 4;             // of one run
inline constexpr std::size_t most_upload_bytes = 400'000;  // of one upload
inline constexpr std::string_view old_content = "the content before all uploads";

// The whole content of upload `number`; an upload that ends earlier has the beginning of it.
inline std::string_view content_of(std::size_t number) {
  static const std::array<std::string, most_uploads> all = [] {
    std::array<std::string, most_uploads> made;
    std::uint32_t state = 1;
    for (std::string& content : made) {
      content.resize(most_upload_bytes);
      for (char& c : content) {
        state = state * 1'664'525U + 1'013'904'223U;
        c = static_cast<char>('a' + (state >> 24U) % 26);
      }
    }
    return made;
  }();
  return all[number];
}

// One upload. Offsets are in bytes.
struct ModelUpload {
  std::size_t number = 0;             // whose content it has
  std::string target;                 // the path below the root
  std::string url;                    // empty: no answer has told it
  std::optional<std::size_t> length;  // of the whole, by the first request
  bool must_create = false;           // If-None-Match: *
  std::size_t told = 0;               // the largest offset that an answer has told
  std::size_t sent = 0;               // the end of the bytes that requests have sent
  std::optional<std::size_t> offset;  // the offset, where no request makes it uncertain
  bool may_be_gone = false;           // it was deleted, has expired, or may have been refused
  bool is_over = false;               // an answer has said that it is complete
  std::set<std::size_t> ends;         // the offsets at which requests have completed it

  [[nodiscard]] std::string_view content() const { return content_of(number); }
};

// A request for an upload, and what was known when it was sent.
struct ModelRequest {
  enum class Kind : std::uint8_t { create, append, head, remove, get };
  Kind kind = Kind::get;
  ModelUpload* upload = nullptr;  // null: of no upload that exists
  std::size_t offset = 0;
  std::size_t size = 0;
  bool completes = false;
  bool is_chunked = false;
  bool has_wrong_digest = false;
  std::size_t told_before = 0;
  std::optional<std::size_t> offset_before;
  bool was_certain = false;  // the upload existed and was not over
};

// What an answer says.
struct ModelAnswer {
  int status = 0;
  std::optional<std::size_t> offset;
  std::optional<bool> complete;
};

class UploadModel {
 public:
  explicit UploadModel(std::size_t most_body) : most_body_(most_body) {}

  // A new upload; null where the run has as many as it may have.
  ModelUpload* add(std::string target) {
    if (uploads_.size() == most_uploads) return nullptr;
    uploads_.push_back({.number = uploads_.size(), .target = std::move(target)});
    return &uploads_.back();
  }
  std::deque<ModelUpload>& uploads() { return uploads_; }

  // Records a request that is about to be sent.
  void begin(ModelRequest& request) {
    ModelUpload* const upload = request.upload;
    if (!upload) return;
    request.told_before = upload->told;
    request.offset_before = upload->offset;
    request.was_certain = !upload->may_be_gone && !upload->is_over;
    const std::size_t end = request.offset + request.size;
    const bool sends =
        request.kind == ModelRequest::Kind::append || request.kind == ModelRequest::Kind::create;
    if (sends) {
      upload->sent = std::max(upload->sent, end);
      upload->offset.reset();
    }
    if (sends && request.completes && (!upload->length || *upload->length == end)) {
      upload->ends.insert(end);
      if (upload->must_create) upload->may_be_gone = true;
    }
    if (request.kind == ModelRequest::Kind::remove) upload->may_be_gone = true;
  }

  // Checks what must hold for every answer, and learns from it.
  static void follow(const ModelRequest& request, const ModelAnswer& answer) {
    ModelUpload* const upload = request.upload;
    if (!upload || !answer.offset) return;
    require(*answer.offset >= request.told_before, "an offset that was told does not decrease");
    require(*answer.offset <= upload->sent, "an offset is one of bytes that were sent");
    upload->told = std::max(upload->told, *answer.offset);
    if (answer.complete == true) upload->is_over = true;
    require(
        answer.complete != true || answer.status >= 300 || upload->ends.count(*answer.offset) > 0,
        "an upload ends where a request has completed it");
  }

  // Checks the answer to a request that was alone, whose bytes all arrived, and of which no
  // operation failed.
  void judge(const ModelRequest& request, const ModelAnswer& answer) const {
    using Kind = ModelRequest::Kind;
    ModelUpload* const upload = request.upload;
    if (!upload) {
      require(request.kind == Kind::get || answer.status == 404, "there is no other upload");
    } else if (request.kind == Kind::create) {
      judge_creation(request, answer);
    } else if (!request.was_certain) {
      return;
    } else if (request.kind == Kind::head) {
      require(answer.status == 204, "an upload that exists has a state");
      require(!request.offset_before || *answer.offset == *request.offset_before,
              "the offset is the end of the stored bytes");
      upload->offset = answer.offset;
    } else if (request.kind == Kind::remove) {
      require(answer.status == 204, "an upload that exists can be removed");
    } else if (request.kind == Kind::append && request.offset_before) {
      judge_append(request, answer);
    }
  }

  // Whether a file may have this content: the old one, or all of an upload to its name.
  [[nodiscard]] bool is_whole(std::string_view target, std::string_view content) const {
    if (target == "file" && content == old_content) return true;
    return std::any_of(uploads_.begin(), uploads_.end(), [&](const ModelUpload& upload) {
      return upload.target == target && upload.ends.count(content.size()) > 0 &&
             upload.content().substr(0, content.size()) == content;
    });
  }

 private:
  // The status by which the lengths of the request alone refuse it; 0: they do not.
  [[nodiscard]] int refusal_of(const ModelRequest& request) const {
    const std::size_t end = request.offset + request.size;
    const std::optional<std::size_t> length = request.upload->length;
    const bool is_inconsistent = length && (request.completes ? end != *length : end > *length);
    if (is_inconsistent) return 400;
    return most_body_ > 0 && end > most_body_ ? 413 : 0;
  }

  // Of two reasons to refuse, either may be found first.
  [[nodiscard]] bool is_refused_rightly(const ModelRequest& request, int status) const {
    const std::optional<std::size_t> length = request.upload->length;
    const bool is_large =
        most_body_ > 0 && std::max(request.offset + request.size, length.value_or(0)) > most_body_;
    return status == refusal_of(request) || (is_large && status == 413) ||
           (request.has_wrong_digest && status == 400) ||
           (request.upload->must_create && status == 412);
  }

  void judge_creation(const ModelRequest& request, const ModelAnswer& answer) const {
    ModelUpload& upload = *request.upload;
    const bool is_refused = answer.status >= 300;
    require(is_refused ? is_refused_rightly(request, answer.status)
                       : refusal_of(request) == 0 && !request.has_wrong_digest,
            "a first request is refused for a reason");
    if (is_refused) return;
    require(answer.offset == request.size, "all bytes of the first request are stored");
    require(answer.complete == request.completes, "only a request that says so completes");
    if (!request.completes) upload.offset = request.size;
  }

  void judge_append(const ModelRequest& request, const ModelAnswer& answer) const {
    ModelUpload& upload = *request.upload;
    const std::size_t before = *request.offset_before;
    if (request.offset != before) {
      require(answer.status == 409 && answer.offset == before, "a part at another offset gets 409");
      upload.offset = before;
      return;
    }
    if (answer.status < 300) {
      require(refusal_of(request) == 0 && !request.has_wrong_digest,
              "a part that does not fit is refused");
      require(answer.offset == before + request.size, "all bytes of a part are stored");
      require(answer.complete == request.completes, "only a part that says so completes");
      if (!request.completes) upload.offset = answer.offset;
      return;
    }
    require(is_refused_rightly(request, answer.status), "a part is refused for a reason");
    require(answer.offset.has_value(), "a refusal of a part has the offset");
    if (answer.complete != true) upload.offset = answer.offset;
  }

  std::deque<ModelUpload> uploads_;  // whose elements keep their places
  const std::size_t most_body_;      // of --max-body; 0: no limit
};

}  // namespace fuzz
