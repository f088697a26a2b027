// The file of the record of an unfinished upload: its place, ownership, reading and writing.
//
// Records are in $XDG_STATE_HOME/quoit, or ~/.local/state/quoit, one for each pair of a file here
// and a URL; its name is a hash of both. A record is locked (flock(2)) while an upload is on its
// way: a second quoit that uploads the same file to the same URL meanwhile works without a record,
// in an upload of its own. Where there is no place for it, an upload has no record, and goes on
// within its run alone.
//
// All functions are plain system calls. Covered by tests/client/local/upload_record_file_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "apps/client/command/upload_record.h"
#include "uring/fd.h"

namespace client {

struct UploadRecordFile {
  std::string path = {};
  uring::Fd fd = {};  // locked; not valid: there is no record, and none can be stored

  bool is_open() const { return fd.valid(); }
};

// The path of a file from the root, without links; empty where the system refuses.
[[nodiscard]] std::string real_path_of(const std::string& file);

// Opens the record for the file at that path and that URL, without credentials, if there is one.
[[nodiscard]] UploadRecordFile find_upload_record(const std::string& url, const std::string& file);

// Opens it, or makes an empty one. Removes records in which nothing was written for a month.
[[nodiscard]] UploadRecordFile make_upload_record(const std::string& url, const std::string& file);

// The record in the file, if it has one of that file and that URL.
[[nodiscard]] std::optional<UploadRecord> load_upload_record(const UploadRecordFile& file,
                                                             const std::string& url,
                                                             const std::string& path);

// Replaces the record. False: a later run will not find it, because the file is not open, the
// record cannot be written, or the system refuses; the file then has no record.
bool store_upload_record(const UploadRecordFile& file, const UploadRecord& record);

// Removes the file, and closes it.
void remove_upload_record(UploadRecordFile& file);

}  // namespace client
