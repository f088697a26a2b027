// The sentences and status codes of the errors: one row for each value, in the order of the
// enumeration. The test checks that the table is complete.
// Covered by tests/parser/error_test.cc.
#include "parser/error.h"

#include <array>

namespace http1 {
namespace {

struct Row {
  Error error;
  int status;
  std::string_view name;
  std::string_view sentence;
};

constexpr std::array<Row, error_count> rows = {{
    {Error::none, 200, "none", "Nothing is wrong."},

    {Error::bare_cr, 400, "bare_cr", "A carriage return stands without its line feed."},
    {Error::bare_lf, 400, "bare_lf", "A line feed stands without its carriage return."},

    {Error::bad_method_byte, 400, "bad_method_byte",
     "The method is missing or has a byte that no method can have."},
    {Error::method_too_long, 501, "method_too_long", "The method is too long to be a known one."},
    {Error::target_missing, 400, "target_missing", "The request line names no target."},
    {Error::bad_target_byte, 400, "bad_target_byte",
     "The request target has a byte that must be percent-encoded."},
    {Error::bad_target_escape, 400, "bad_target_escape",
     "A percent sign in the path is not followed by two hexadecimal digits."},
    {Error::target_too_long, 414, "target_too_long", "The request target is too long."},
    {Error::target_form_invalid, 400, "target_form_invalid",
     "The request target does not have a form that the method allows."},
    {Error::version_missing, 400, "version_missing", "The request line names no HTTP version."},
    {Error::bad_version, 400, "bad_version", "The HTTP version is not written as HTTP/1.1 is."},
    {Error::version_unsupported, 505, "version_unsupported",
     "The HTTP version is neither 1.0 nor 1.1."},

    {Error::bad_status, 400, "bad_status",
     "The status code is not three digits between 100 and 999."},
    {Error::bad_reason_byte, 400, "bad_reason_byte", "The reason phrase has a control byte."},

    {Error::space_before_first_field, 400, "space_before_first_field",
     "White space stands before the first header field."},
    {Error::obs_fold, 400, "obs_fold",
     "A header field is continued on a second line, which is obsolete."},
    {Error::name_missing, 400, "name_missing", "A header field has no name."},
    {Error::bad_name_byte, 400, "bad_name_byte",
     "A header field's name has a byte that no name can have."},
    {Error::space_before_colon, 400, "space_before_colon",
     "White space stands between a header field's name and its colon."},
    {Error::colon_missing, 400, "colon_missing", "A header field has no colon."},
    {Error::bad_value_byte, 400, "bad_value_byte", "A header field's value has a control byte."},
    {Error::too_many_fields, 431, "too_many_fields", "There are too many header fields."},
    {Error::head_too_large, 431, "head_too_large", "The header section is too large."},

    {Error::host_missing, 400, "host_missing", "The Host field is missing."},
    {Error::host_repeated, 400, "host_repeated", "There is more than one Host field."},
    {Error::host_invalid, 400, "host_invalid",
     "The Host field is not a host with an optional port."},

    {Error::content_length_invalid, 400, "content_length_invalid",
     "Content-Length is not a decimal number."},
    {Error::content_length_too_large, 400, "content_length_too_large",
     "Content-Length is larger than any file can be."},
    {Error::content_length_repeated, 400, "content_length_repeated",
     "There is more than one Content-Length field."},
    {Error::coding_invalid, 400, "coding_invalid",
     "Transfer-Encoding is not a list of codings that ends in its only chunked."},
    {Error::coding_repeated, 400, "coding_repeated",
     "There is more than one Transfer-Encoding field."},
    {Error::coding_unsupported, 501, "coding_unsupported",
     "Transfer-Encoding names a coding other than chunked."},
    {Error::coding_in_http_1_0, 400, "coding_in_http_1_0", "HTTP/1.0 knows no Transfer-Encoding."},
    {Error::length_and_coding, 400, "length_and_coding",
     "Content-Length and Transfer-Encoding contradict each other."},
    {Error::connection_invalid, 400, "connection_invalid",
     "The Connection field is not a list of names."},

    {Error::bad_chunk_size, 400, "bad_chunk_size", "A chunk's size is not a hexadecimal number."},
    {Error::chunk_size_too_large, 400, "chunk_size_too_large",
     "A chunk's size is larger than any file can be, or has too many digits."},
    {Error::bad_chunk_extension, 400, "bad_chunk_extension", "A chunk extension is malformed."},
    {Error::chunk_extension_too_large, 400, "chunk_extension_too_large",
     "A chunk's extensions are too large."},
    {Error::chunk_overhead_too_large, 400, "chunk_overhead_too_large",
     "The chunk extensions and leading zeros outweigh the body."},
    {Error::chunk_end_missing, 400, "chunk_end_missing",
     "A chunk does not end where its size says."},
    {Error::trailer_too_large, 431, "trailer_too_large", "The trailer section is too large."},
    {Error::trailer_forbidden, 400, "trailer_forbidden",
     "The trailer section has a field that belongs into the header section."},

    {Error::path_not_absolute, 400, "path_not_absolute", "The path does not begin with a slash."},
    {Error::path_encoded_control, 400, "path_encoded_control",
     "The path has an encoded control character."},
    {Error::path_encoded_slash, 400, "path_encoded_slash", "The path has an encoded slash."},
    {Error::path_above_root, 400, "path_above_root", "The path climbs above the root."},
    {Error::path_too_long, 414, "path_too_long", "The path is too long."},
    {Error::url_scheme_unsupported, 400, "url_scheme_unsupported",
     "The URL begins with neither http:// nor https://."},
    {Error::url_host_invalid, 400, "url_host_invalid", "The URL has no valid host and port."},
}};

constexpr bool rows_are_in_order() noexcept {
  for (std::size_t at = 0; at < rows.size(); ++at) {
    if (static_cast<std::size_t>(rows[at].error) != at) return false;
  }
  return true;
}
static_assert(rows_are_in_order());

const Row& row_of(Error error) noexcept { return rows[static_cast<std::size_t>(error)]; }

}  // namespace

std::string_view describe(Error error) noexcept { return row_of(error).sentence; }
std::string_view name_of(Error error) noexcept { return row_of(error).name; }
int status_of(Error error) noexcept { return row_of(error).status; }

}  // namespace http1
