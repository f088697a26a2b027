// The one place where errno values get their names. Covered by tests/uring/result_test.cc.
#include "uring/result.h"

#include <array>
#include <cerrno>
#include <cstring>

namespace uring {

Fault fault_of(int error) {
  switch (error) {
    case 0: return Fault::none;
    case ECANCELED: return Fault::cancelled;
    case ENOBUFS: return Fault::no_buffers;
    case ECONNRESET:
    case EPIPE:
    case ENOTCONN:
    case ESHUTDOWN:
    case ECONNABORTED: return Fault::peer_gone;
    case ECONNREFUSED: return Fault::refused;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EADDRNOTAVAIL:
    case ETIMEDOUT: return Fault::unreachable;
    case ENOENT: return Fault::not_found;
    case EEXIST: return Fault::exists;
    case EISDIR: return Fault::is_directory;
    case ENOTDIR: return Fault::not_directory;
    case ENOTEMPTY: return Fault::not_empty;
    case EXDEV: return Fault::outside;
    case ENAMETOOLONG:
    case EILSEQ:
    case EINVAL: return Fault::bad_name;
    case ELOOP: return Fault::link_loop;
    case EACCES:
    case EPERM:
    case EROFS:
    case ENXIO: return Fault::not_allowed;
    case ENOSPC:
    case EDQUOT: return Fault::no_space;
    case EFBIG: return Fault::too_large;
    case EMFILE:
    case ENFILE: return Fault::out_of_descriptors;
    case ENOMEM: return Fault::out_of_memory;
    case EAGAIN:
    case EINTR:
    case EBUSY: return Fault::try_again;
    case ENOSYS:
    case EOPNOTSUPP: return Fault::unsupported;
    case ESTALE: return Fault::stale;
    case EIO:
    case EREMOTEIO:
    case ENODEV:
    case ENOMEDIUM: return Fault::device_error;
    default: return Fault::other;
  }
}

std::string_view describe(Fault fault) {
  switch (fault) {
    case Fault::none: return "no error";
    case Fault::cancelled: return "cancelled";
    case Fault::no_buffers: return "no receive buffers left";
    case Fault::peer_gone: return "the peer closed the connection";
    case Fault::refused: return "connection refused";
    case Fault::unreachable: return "host unreachable";
    case Fault::not_found: return "no such file or directory";
    case Fault::exists: return "the file exists";
    case Fault::is_directory: return "is a directory";
    case Fault::not_directory: return "a part of the path is not a directory";
    case Fault::not_empty: return "the directory is not empty";
    case Fault::outside: return "the path leaves the served directory";
    case Fault::bad_name: return "not a usable file name";
    case Fault::link_loop: return "a symbolic link on the path leads to itself";
    case Fault::not_allowed: return "permission denied";
    case Fault::no_space: return "no space left on the device";
    case Fault::too_large: return "file too large";
    case Fault::out_of_descriptors: return "too many open files";
    case Fault::out_of_memory: return "out of memory";
    case Fault::try_again: return "temporarily unavailable";
    case Fault::unsupported: return "the file system cannot do this";
    case Fault::stale: return "the file was replaced on its file server";
    case Fault::device_error: return "input/output error";
    case Fault::other: return "unexpected error";
  }
  return "unexpected error";
}

namespace {

// strerror_r() is GNU's, which returns the text, or POSIX's, which writes it into the buffer.
[[maybe_unused]] std::string text_of(const char* text, const char*) { return text; }
[[maybe_unused]] std::string text_of(int, const char* buffer) { return buffer; }

}  // namespace

std::string error_text(int error) {
  std::array<char, 128> buffer{};
  return text_of(::strerror_r(error, buffer.data(), buffer.size()), buffer.data());
}

}  // namespace uring
