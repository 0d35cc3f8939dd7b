/** JSON of the groups IPs, IP Pools and IP Address Warmup. */

export interface IpListAnswer {
  items: string[];
  total_count: number;
  assignable_to_pools: string[];
  details: { ip: string; dedicated: boolean; enabled: boolean; is_on_warmup: boolean }[];
}

export interface IpAnswer {
  ip: string;
  dedicated: boolean;
  /** `''` when DNS shows no name. */
  rdns: string;
  is_on_warmup: boolean;
}

/** What Mailgun begins and this server has done when it answers. */
export interface StartedAnswer {
  message: 'started';
  /** 24 hex digits. */
  reference_id: string;
}

export interface DomainIpsAnswer {
  items: string[];
  total_count: number;
  /** Of the IP pool that the domain has. */
  pool_id?: string;
}

export interface IpDomainsAnswer {
  items: { domain: string; ips: string[] }[];
  total_count: number;
}

export interface PoolJson {
  pool_id: string;
  name: string;
  description: string;
  ips: string[];
  is_linked: boolean;
  is_inherited: boolean;
}

export interface PoolListAnswer {
  ip_pools: PoolJson[];
  message: string;
}

/** Some clients read the pool below `details`, others beside the message. */
export interface PoolAnswer extends PoolJson {
  details: PoolJson & { linked_domains: string[] };
  linked_domains: string[];
  message: string;
}

export interface PoolCreatedAnswer {
  message: string;
  pool_id: string;
}

export interface PoolDomainsAnswer {
  domains: { id: string; name: string }[];
  /** Absolute URLs. */
  paging: { first: string; next: string };
}

/** Under the names that the list has. Clients in Go read these in the details, too. */
export interface WarmupStageJson {
  /** `25%`. */
  sent_within_stage: string;
  /** Part of its volume that the current hour still allows, in percent. */
  throttle: number;
  stage_number: number;
  stage_start_volume: number;
  /** RFC 3339. */
  stage_start_time: string;
  stage_volume_limit: number;
}

export interface WarmupListAnswer {
  items: (WarmupStageJson & { ip: string })[];
  paging: { first: string; next: string };
}

export interface WarmupAnswer {
  details: WarmupStageJson & {
    stage: number;
    start_volume: number;
    stage_limit: number;
    hourly_limit: number;
    stage_started_at: string;
    hour_started_at: string;
    plan_started_at: string;
    plan_last_updated_at: string;
    total_stages: number;
    stage_history: { first_updated_at: string; completed_at: string; limit: number }[];
  };
}
