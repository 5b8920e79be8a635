# The golden frames once more, read as a device in Python reads them: with the
# modules that flatc makes of the schema, and Debian's own Python.
set(dkvm_wire_python ${CMAKE_BINARY_DIR}/tests/python)
set(schema_dir ${PROJECT_SOURCE_DIR}/sdk/schema)
set(schemas ${schema_dir}/frame.fbs ${schema_dir}/events.fbs ${schema_dir}/upstream.fbs
  ${schema_dir}/control.fbs)
add_custom_command(
  OUTPUT ${dkvm_wire_python}/dkvm/wire/FrameHeader.py
  COMMAND ${FLATC} --python -o ${dkvm_wire_python} ${schemas}
  DEPENDS ${schemas}
  VERBATIM)
add_custom_target(dkvm_wire_python ALL DEPENDS ${dkvm_wire_python}/dkvm/wire/FrameHeader.py)
add_test(NAME "sdk_tests: the golden frames say the same in Python"
  COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_LIST_DIR}/golden_test.py
          ${PROJECT_SOURCE_DIR}/docs/protocol.md ${dkvm_wire_python})
set_tests_properties("sdk_tests: the golden frames say the same in Python"
  PROPERTIES LABELS unit TIMEOUT 30)
