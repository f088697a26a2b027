// For tests of resumable uploads: a world in which uploads can be resumed, and their requests.
#pragma once

#include <string>
#include <string_view>

#include "apps/server/files/upload_registry.h"
#include "tests/server/writer.h"

namespace server::lab {

// The value of a field of the last response in `heard`; empty: it has none.
inline std::string field(std::string_view heard, std::string_view name) {
  const std::string begin = "\r\n" + std::string(name) + ": ";
  const std::size_t at = heard.rfind(begin);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = heard.substr(at + begin.size());
  return std::string(rest.substr(0, rest.find("\r\n")));
}

// A PATCH that appends `body` at `offset`.
inline std::string patch(std::string_view url, std::uint64_t offset, std::string_view body,
                         bool complete, std::string_view fields = {}) {
  return head_of("PATCH", url,
                 "Content-Type: application/partial-upload\r\nUpload-Offset: " +
                     std::to_string(offset) + "\r\nUpload-Complete: " + (complete ? "?1" : "?0") +
                     "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
                     std::string(fields)) +
         std::string(body);
}

class Uploading : public Writing {
 protected:
  Uploading() {
    world.shared.uploads = &registry;
    world.site.resumable = true;
  }
  // The files of uploads that the test has not ended.
  void TearDown() override {
    world.end();
    for (const std::string& name : world.root.names()) {
      EXPECT_EQ(name.find(".tmp"), std::string::npos) << name;
    }
  }

  // Begins an upload with an empty part, and returns its URL.
  std::string create(std::string_view target, std::string_view fields = {}) {
    const std::string heard =
        world.ask(head_of("PUT", target, "Upload-Complete: ?0\r\n" + std::string(fields)));
    EXPECT_EQ(heard.substr(9, 3), "201") << heard;
    return field(heard, "Location");
  }
  // "STATUS OFFSET COMPLETE" of the response to a HEAD of the upload.
  std::string state(std::string_view url) {
    const std::string heard = world.ask(head_of("HEAD", url));
    return heard.substr(9, 3) + " " + field(heard, "Upload-Offset") + " " +
           field(heard, "Upload-Complete");
  }
  // The number of files of uploads.
  std::size_t upload_files() const {
    const std::vector<std::string> all = world.root.names();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const auto& name) {
      return name.find(".part") != std::string::npos || name.find(".state") != std::string::npos;
    }));
  }

  UploadRegistry registry;
};

}  // namespace server::lab
