# Installs the library, its public headers, the command, and what find_package and pkg-config need.
