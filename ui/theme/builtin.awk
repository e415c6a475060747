# Theme files into C: each a name and its text.
BEGIN { print "/* Made by ui/theme/builtin.awk from share/themes; do not edit. */"
        print "#include \"ui/theme/builtin.h\"\n\n#include <stddef.h>\n" }
FNR == 1 { if (name) print "    ;"
           name = FILENAME; sub(/.*\//, "", name); names[++n] = name
           print (name == "mono" ? "" : "static ") "const char theme_builtin_" name "[] =" }
{ gsub(/\\/, "\\\\"); gsub(/"/, "\\\""); print "    \"" $0 "\\n\"" }
END { print "    ;\n"
      printf "const char *const theme_builtin_names[] = {"
      for (i = 1; i <= n; i++) printf "\"%s\", ", names[i]
      print "NULL};"
      printf "const char *const theme_builtin_texts[] = {"
      for (i = 1; i <= n; i++) printf "theme_builtin_%s, ", names[i]
      print "NULL};" }
