# quoit_status_page(SOURCE_VARIABLE): writes a C++ source with the status page, which is made of
# apps/server/pages/status/, and the policy that names the hashes of its style and its script. It is
# made when CMake configures, which CMake does again when one of the files changes.

# The base64 of the SHA-256 of a text, as Content-Security-Policy has it.
function(quoit_hash text variable)
  string(SHA256 hex "${text}")
  set(alphabet ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/)
  set(base64)
  foreach(begin RANGE 0 60 6)  # 32 bytes: ten groups of three, and one of two
    string(SUBSTRING "${hex}0000" ${begin} 6 group)
    foreach(shift 18 12 6 0)
      math(EXPR digit "(0x${group} >> ${shift}) & 63")
      string(SUBSTRING ${alphabet} ${digit} 1 letter)
      string(APPEND base64 ${letter})
    endforeach()
  endforeach()
  string(SUBSTRING ${base64} 0 43 base64)
  set(${variable} "${base64}=" PARENT_SCOPE)
endfunction()

function(quoit_status_page variable)
  set(folder ${PROJECT_SOURCE_DIR}/apps/server/pages/status)
  foreach(part html css js)
    file(READ ${folder}/status.${part} ${part})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/status.${part})
  endforeach()
  quoit_hash("${css}" style_hash)
  quoit_hash("${js}" script_hash)
  string(REPLACE "@style@" "${css}" html "${html}")
  string(REPLACE "@script@" "${js}" html "${html}")
  string(FIND "${html}" "@rows@" rows)
  string(SUBSTRING "${html}" 0 ${rows} begin)
  math(EXPR rows "${rows} + 7")
  string(SUBSTRING "${html}" ${rows} -1 end)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/status_page_text.cc)
  set(policy "default-src 'none'; style-src 'sha256-${style_hash}'; script-src 'sha256-${script_hash}'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
"// The status page, made by cmake/status_page.cmake of the files in apps/server/pages/status/.
#include \"apps/server/pages/status_page.h\"

namespace server {

std::string_view status_page_begin() {
  return R\"page(@begin@)page\";
}
std::string_view status_page_end() {
  return R\"page(@end@)page\";
}
std::string_view status_page_policy() {
  return \"@policy@\";
}

}  // namespace server
")
  set(${variable} ${source} PARENT_SCOPE)
endfunction()
