# The documents that are made of the tables of options, and where they are installed.
set(QUOIT_ZSH_FOLDER site-functions CACHE STRING
  "Folder of share/zsh for completions; that of Debian's packages is vendor-completions")

# quoit_documents(NAME): the man page and the completions of a program, made from its table of
# options by the target NAME_documents, whose main() is documents.cc of the calling folder.
#
# They are written when the program is built, and installed as the component `documents`.
function(quoit_documents name)
  set(folder ${CMAKE_BINARY_DIR}/documents)
  set(files ${folder}/man1/${name}.1 ${folder}/bash/${name} ${folder}/zsh/_${name}
    ${folder}/fish/${name}.fish)
  set_target_properties(${name}_documents PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/generators)
  target_compile_definitions(${name}_documents PRIVATE QUOIT_VERSION="${PROJECT_VERSION}")
  add_custom_command(OUTPUT ${files} COMMAND ${name}_documents write ${folder}
    DEPENDS ${name}_documents COMMENT "Writing the man page and completions of ${name}" VERBATIM)
  add_custom_target(${name}_document_files ALL DEPENDS ${files})
  set(shared ${CMAKE_INSTALL_DATADIR})
  install(FILES ${folder}/man1/${name}.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
    COMPONENT documents)
  install(FILES ${folder}/bash/${name} DESTINATION ${shared}/bash-completion/completions
    COMPONENT documents)
  install(FILES ${folder}/zsh/_${name} DESTINATION ${shared}/zsh/${QUOIT_ZSH_FOLDER}
    COMPONENT documents)
  install(FILES ${folder}/fish/${name}.fish DESTINATION ${shared}/fish/vendor_completions.d
    COMPONENT documents)
endfunction()
