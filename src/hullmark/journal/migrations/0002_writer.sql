-- One writer, the newest; and rows that stay as they are.

-- Exactly one row. Whoever opens the journal for writing takes the next token, and each append
-- compares: a writer that was thought dead, and was replaced, cannot append when it comes back.
CREATE TABLE writer (token bigint NOT NULL);
INSERT INTO writer VALUES (0);

-- Not a defence against whoever owns the tables, but against a statement typed in the wrong window:
-- a reader finds a gap by the hash chain, and batches cut off the end by nothing.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a journal must only grow, was to be changed by %', TG_OP;
END
$$;

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON batch
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
