# Runs one program and outlives nobody: when the pipe on its standard input closes, because the
# test process closed it or is gone however it went, the program and its folder go too.
#
# Arguments: the folder, then the program and its arguments. Orders come as lines on standard
# input, each is answered by a line on standard output:
#
#   start        run the program, its output into the folder's `log`     its process id
#   start-lines  the same, but lines by the named pipes `in` and `out`   its process id
#   signal NAME  to the program and to all that it started               done
#   wait         until it has ended                                      its exit status
#
# The program leads its own session, so that a signal reaches its children by the group's id. It
# may not have got there yet (right after `start`), so the signal is sent to the process as well.
folder=$1
shift
child=

signal() {
    [ -n "$child" ] || return 0
    kill -s "$1" -- "-$child" 2>/dev/null
    kill -s "$1" -- "$child" 2>/dev/null
    return 0
}

# Interrupted, `read` fails, and the end below is reached.
trap : HUP INT TERM

while read -r order name; do
    case $order in
    start)
        setsid "$@" </dev/null >>"$folder/log" 2>&1 &
        child=$!
        echo "$child"
        ;;
    start-lines)
        setsid "$@" <"$folder/in" >"$folder/out" 2>>"$folder/log" &
        child=$!
        echo "$child"
        ;;
    signal)
        signal "$name"
        echo done
        ;;
    wait)
        wait "$child"
        echo $?
        child=
        ;;
    esac
done

if [ -n "$child" ] && [ -n "$IDEM_KIT_LAST_SIGNAL" ]; then
    # A server that has to tidy up outside of its folder may do so.
    signal "$IDEM_KIT_LAST_SIGNAL"
    signal CONT
    left=50
    while [ "$left" -gt 0 ] && grep -qs '^State:[[:space:]]*[^Z]' "/proc/$child/status"; do
        sleep 0.1
        left=$((left - 1))
    done
fi
signal KILL
wait
# Processes of a server may need a moment to notice that it is gone.
rm -rf -- "$folder" 2>/dev/null || { sleep 1; rm -rf -- "$folder"; }
