# Turns the migrations, given in order, into a C file: each an array of its lines, ended by NULL (one
# string would be longer than ISO C promises to take).
BEGIN { print "/* Made from db/migrations by db/migrations.awk. */\n#include <stddef.h>\n\n#include \"db/migrate.h\"\n" }
FNR == 1 { if (n) print "    NULL};\n"; printf "static const char *const migration%d[] = {\n", ++n }
{
    gsub(/\\/, "\\\\"); gsub(/"/, "\\\"")
    print "    \"" $0 "\\n\","
}
END {
    print "    NULL};\n\nconst char *const *const migrations[] = {"
    for (i = 1; i <= n; i++) printf "    migration%d,\n", i
    print "    NULL};"
}
