# dkvm and dkvm-dev, by `cpack --config build/release/CPackConfig.cmake`.
set(debian_dir ${CMAKE_CURRENT_LIST_DIR})
set(DKVM_PACKAGER "dKVM maintainers <maintainers@dkvm.example>" CACHE STRING
  "Name and address of whoever makes the packages")
set(release 1)

# Only in packages: paths of the machine, and what policy asks for. One component a package, with
# whatever else is in it.
install(FILES ${debian_dir}/../kvm.yaml DESTINATION /etc/dkvm
  COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES ${debian_dir}/lintian-overrides DESTINATION /usr/share/lintian/overrides RENAME dkvm
  COMPONENT debian EXCLUDE_FROM_ALL)
set(DEBIAN_VERSION ${PROJECT_VERSION}-${release})
string(TIMESTAMP DEBIAN_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${debian_dir}/changelog.in debian/changelog.Debian @ONLY)
foreach(package dkvm dkvm-dev)
  if(package STREQUAL dkvm)
    set(component debian)
  else()
    set(component debian_dev)
  endif()
  set(folder /usr/share/doc/${package})
  install(FILES ${debian_dir}/copyright DESTINATION ${folder}
    COMPONENT ${component} EXCLUDE_FROM_ALL)
  install(FILES ${PROJECT_SOURCE_DIR}/CHANGELOG.md DESTINATION ${folder} RENAME changelog
    COMPONENT ${component} EXCLUDE_FROM_ALL)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/debian/changelog.Debian DESTINATION ${folder}
    COMPONENT ${component} EXCLUDE_FROM_ALL)
  install(CODE "execute_process(COMMAND_ERROR_IS_FATAL ANY COMMAND gzip -9nf
      \"\$ENV{DESTDIR}${folder}/changelog\" \"\$ENV{DESTDIR}${folder}/changelog.Debian\")"
    COMPONENT ${component} EXCLUDE_FROM_ALL)
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR dKVM)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # each package has its own
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_COMPONENTS_ALL programs devices docs service debian sdk debian_dev)
set(CPACK_DEB_COMPONENT_INSTALL ON)
foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  string(TOUPPER ${component} upper)
  set(CPACK_COMPONENT_${upper}_GROUP dkvm)
endforeach()
set(CPACK_COMPONENT_SDK_GROUP dev)
set(CPACK_COMPONENT_DEBIAN_DEV_GROUP dev)

set(CPACK_DEBIAN_PACKAGE_MAINTAINER ${DKVM_PACKAGER})
set(CPACK_DEBIAN_PACKAGE_RELEASE ${release})
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_DKVM_PACKAGE_NAME dkvm)
set(CPACK_DEBIAN_DKVM_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_DKVM_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_DKVM_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_DEBIAN_DKVM_PACKAGE_SUGGESTS dkvm-dev)
set(CPACK_DEBIAN_DKVM_PACKAGE_CONTROL_EXTRA
  "${debian_dir}/conffiles;${debian_dir}/postinst;${debian_dir}/prerm;${debian_dir}/postrm")
set(CPACK_DEBIAN_DKVM_DESCRIPTION "distributed KVM switch built like a microkernel
Keyboards, mice, displays, sound and links between machines, each a small
process of its own, joined by one YAML file. The kernel starts them, routes
their events, starts again what dies, and lets go of every key that is down
when the reason for it is gone.
.
This package has the kernel, its devices, dkvmctl, and services of systemd
for users and for the machine; it enables neither.")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME dkvm-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS
  "libboost-dev (>= 1.74), libexpected-dev, libflatbuffers-dev")
set(CPACK_DEBIAN_DEV_PACKAGE_RECOMMENDS dkvm)
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS python3-flatbuffers)
set(CPACK_DEBIAN_DEV_DESCRIPTION "development files for devices of dKVM
Header-only SDK for C++20, the schema of the wire, and modules for Python, to
write devices for dKVM, a distributed KVM switch: for find_package() of CMake
and for pkg-config.")
include(CPack)
